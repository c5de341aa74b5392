// Which conversations have something half written by this person: the lists mark them.

import { drafts } from '../api/inboxCalls';
import { can } from '../frame/account.svelte';
import { listen } from '../live/stream.svelte';

export const drafted = $state<{ in: Set<string> }>({ in: new Set() });

async function reload() {
  try {
    const { data } = await drafts.list();
    drafted.in = new Set(data.flatMap(({ conversation_id }) => conversation_id ?? []));
  } catch {
    // The lists go without the mark.
  }
}

export function watchDrafts(): () => void {
  if (!can('conversations:read')) return () => {};
  void reload();
  return listen(
    (events) => events.some(({ type }) => (type as string) === 'draft.changed') && void reload(),
    () => void reload(),
  );
}
