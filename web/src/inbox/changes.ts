// What a change makes of a conversation, what takes it back, and whether it stays in a view. Pure.

import type { ConversationChange, TagRef } from '../api/inbox';
import type { Conversation, Named, Team } from '../api/types';

/** The names behind ids, so that a change shows before the server has answered. */
export type Known = { users: Named[]; teams: Pick<Team, 'id' | 'name'>[]; tags: TagRef[] };

const named = (list: { id: string; name: string }[], id: string | null): Named | null =>
  id === null ? null : { id, name: list.find((one) => one.id === id)?.name ?? '' };

export function applied(talk: Conversation, change: ConversationChange, known: Known): Conversation {
  const next = { ...talk };
  if (change.state) {
    next.state = change.state;
    next.snoozed_until = change.state === 'snoozed' ? (change.snoozed_until ?? null) : null;
  }
  if (change.priority) next.priority = change.priority;
  if (change.assignee_id !== undefined) next.assignee = named(known.users, change.assignee_id);
  if (change.team_id !== undefined) next.team = named(known.teams, change.team_id);
  if (typeof change.subject === 'string') next.subject = change.subject;
  const tags = tagsAfter(talk, change);
  if (tags) next.tags = tags.flatMap((id) => [...known.tags, ...talk.tags].find((tag) => tag.id === id) ?? []);
  return next;
}

export function inverse(talk: Conversation, change: ConversationChange): ConversationChange {
  const back: ConversationChange = {};
  if (change.state && talk.state !== 'merged') {
    back.state = talk.state;
    if (talk.state === 'snoozed') back.snoozed_until = talk.snoozed_until;
  }
  if (change.priority) back.priority = talk.priority;
  if (change.assignee_id !== undefined) back.assignee_id = talk.assignee?.id ?? null;
  if (change.team_id !== undefined) back.team_id = talk.team?.id ?? null;
  if (typeof change.subject === 'string') back.subject = talk.subject;
  if (tagsAfter(talk, change)) back.tags = talk.tags.map(({ id }) => id);
  return back;
}

function tagsAfter(talk: Conversation, { tags, add_tags = [], remove_tags = [] }: ConversationChange): string[] | null {
  if (tags) return tags;
  if (add_tags.length + remove_tags.length === 0) return null;
  const kept = talk.tags.map(({ id }) => id).filter((id) => !remove_tags.includes(id));
  return [...kept, ...add_tags.filter((id) => !kept.includes(id))];
}

export type Place = { state?: string | null; assignee?: string | null; team?: string; tray?: boolean | null };

/** Whether a conversation still belongs into the view that asked the server for `place`. */
export function belongs(talk: Conversation, place: Place, me: string | undefined): boolean {
  if (talk.state === 'merged') return false;
  if (place.state && talk.state !== place.state) return false;
  if (typeof place.tray === 'boolean' && talk.in_tray !== place.tray) return false;
  if (place.team && talk.team?.id !== place.team) return false;
  if (place.assignee === 'none') return talk.assignee === null;
  if (place.assignee === 'me') return talk.assignee?.id === me;
  return true;
}
