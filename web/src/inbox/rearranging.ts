// Merging, splitting and moving: each ends where the messages are now, and can be undone.

import { inbox } from '../api/inboxCalls';
import type { Rearranged } from '../api/inbox';
import { refreshCounts } from '../frame/counts.svelte';
import { complain, notify } from '../frame/notices.svelte';
import { count } from '../parts/words';
import { go } from '../router/router.svelte';
import { toConversation } from './paths';

export async function merge(id: string, into: string) {
  await rearrange(() => inbox.merge(id, into), 'The conversations were merged.', 'The conversations were not merged', id);
}

export async function split(id: string, messages: string[], subject: string | undefined) {
  const done = `${count(messages.length, 'message')} split off.`;
  await rearrange(() => inbox.split(id, messages, subject), done, 'The messages were not split off', id);
}

export async function move(id: string, messages: string[], into: string) {
  const done = `${count(messages.length, 'message')} moved.`;
  await rearrange(() => inbox.move(id, messages, into), done, 'The messages were not moved', id);
}

export async function undo(rearrangement: string, home?: string) {
  try {
    const { conversation } = await inbox.undo(rearrangement);
    notify('It is as it was before.');
    const back = home ?? conversation?.id;
    if (back) go(toConversation(back));
    void refreshCounts();
  } catch (cause) {
    complain('It was not undone', cause);
  }
}

async function rearrange(act: () => Promise<Rearranged>, done: string, failed: string, from: string) {
  try {
    const { conversation, rearrangement_id } = await act();
    go(toConversation(conversation.id));
    notify(done, () => void undo(rearrangement_id, from));
    void refreshCounts();
  } catch (cause) {
    complain(failed, cause);
  }
}
