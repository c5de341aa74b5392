// How many conversations wait, and where. Live: the rail and the inbox show the same numbers.

import { conversations, messages } from '../api/calls';
import type { ConversationCounts } from '../api/types';
import { listen } from '../live/stream.svelte';

/** Where counting messages stops: more than this is shown as `200+`. */
export const COUNTED = 200;

export const counts = $state<{ now: ConversationCounts | null; needsLook: number }>({ now: null, needsLook: 0 });

let asking = false;
let again = false;

/** At most one question at a time, however many events come. */
export async function refreshCounts() {
  again = true;
  if (asking) return;
  asking = true;
  try {
    while (again) {
      again = false;
      const limit = COUNTED;
      const [now, unknown, failed] = await Promise.all([
        conversations.counts(),
        messages.list({ state: 'unknown', limit }),
        messages.list({ state: 'failed', limit }),
      ]);
      counts.now = now;
      counts.needsLook = unknown.data.length + failed.data.length;
      document.title = document.title.replace(/^(\(\d+\) )?/, now.unread > 0 ? `(${now.unread}) ` : '');
    }
  } catch {
    // The rail keeps its last numbers; the page on screen reports what it cannot load itself.
  } finally {
    asking = false;
  }
}

export function startCounts() {
  void refreshCounts();
  listen(() => void refreshCounts(), refreshCounts);
}
