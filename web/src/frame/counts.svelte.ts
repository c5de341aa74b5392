// How many conversations wait, and where. Live: the rail and the inbox show the same numbers.

import { conversations, messages } from '../api/calls';
import type { ConversationCounts, FeedEvent } from '../api/types';
import { listen } from '../live/stream.svelte';

/** Where counting messages stops: more than this is shown as `200+`. */
export const COUNTED = 200;
/** However many events come, the numbers are asked for at most this often; messages that need a look change rarely. */
const PAUSE = 400;
const LOOK_PAUSE = 1_000;

export const counts = $state<{ now: ConversationCounts | null; needsLook: number }>({ now: null, needsLook: 0 });

/** Asks at once, then at most once per pause; what was asked for meanwhile comes after it. Failures keep the last numbers. */
function atMost(pause: number, act: () => Promise<void>): () => Promise<void> {
  let asking: Promise<void> | null = null;
  let again = false;
  const round = async () => {
    do {
      again = false;
      // The rail keeps its last numbers; the page on screen reports what it cannot load itself.
      await act().catch(() => {});
      await new Promise((rested) => setTimeout(rested, pause));
    } while (again);
    asking = null;
  };
  return () => {
    if (asking) again = true;
    return (asking ??= round());
  };
}

const countConversations = atMost(PAUSE, async () => {
  const now = await conversations.counts();
  counts.now = now;
  document.title = document.title.replace(/^(\(\d+\) )?/, now.unread > 0 ? `(${now.unread}) ` : '');
});

const countNeedsLook = atMost(LOOK_PAUSE, async () => {
  const [unknown, failed] = await Promise.all([
    messages.list({ state: 'unknown', limit: COUNTED }),
    messages.list({ state: 'failed', limit: COUNTED }),
  ]);
  counts.needsLook = unknown.data.length + failed.data.length;
});

/** After a change made here: the numbers follow at once. */
export async function refreshCounts() {
  await Promise.all([countConversations(), countNeedsLook()]);
}

const mayNeedLook = ({ type }: FeedEvent) => type.startsWith('message.') && type !== 'message.received';

export function startCounts() {
  void refreshCounts();
  listen((events) => {
    void countConversations();
    if (events.some(mayNeedLook)) void countNeedsLook();
  }, refreshCounts);
}
