// The views of the inbox: what each asks the server for, and what it says when empty. Standing ones, teams, saved ones.

import type { ConversationQuery } from '../api/calls';
import type { ConversationCounts, SavedView, Team } from '../api/types';

export type View = {
  /** A word, or the id of a team or saved view: what the address has as `view`. */
  id: string;
  name: string;
  query: ConversationQuery & { q?: string };
  count: (counts: ConversationCounts) => number | undefined | null;
  /** The keys that go there. */
  key?: string;
  group: 'standing' | 'team' | 'saved';
  empty: { title: string; text: string };
};

export const views: View[] = [
  {
    id: 'mine',
    name: 'Mine',
    query: { state: 'open', tray: false, assignee: 'me' },
    count: (counts) => counts.mine,
    key: 'g m',
    group: 'standing',
    empty: { title: 'Nothing is yours', text: 'Press i in a conversation to take it. It is listed here until resolved.' },
  },
  {
    id: 'unassigned',
    name: 'Unassigned',
    query: { state: 'open', tray: false, assignee: 'none' },
    count: (counts) => counts.unassigned,
    key: 'g u',
    group: 'standing',
    empty: { title: 'Everything has an owner', text: 'Open conversations that nobody has taken are listed here.' },
  },
  {
    id: 'open',
    name: 'Open',
    query: { state: 'open', tray: false },
    count: (counts) => counts.open,
    key: 'g o',
    group: 'standing',
    empty: { title: 'Nothing is open', text: 'New conversations appear here by themselves, whatever channel they use.' },
  },
  {
    id: 'pending',
    name: 'Pending',
    query: { state: 'pending', tray: false },
    count: (counts) => counts.pending,
    group: 'standing',
    empty: { title: 'Nothing is pending', text: 'Conversations that wait for something else than the contact are listed here.' },
  },
  {
    id: 'snoozed',
    name: 'Snoozed',
    query: { state: 'snoozed', tray: false },
    count: (counts) => counts.snoozed,
    key: 'g z',
    group: 'standing',
    empty: { title: 'Nothing sleeps', text: 'Press s in a conversation to put it away until a time, or until they write.' },
  },
  {
    id: 'resolved',
    name: 'Resolved',
    query: { state: 'resolved' },
    count: (counts) => counts.resolved,
    key: 'g r',
    group: 'standing',
    empty: { title: 'Nothing is resolved yet', text: 'Press e in a conversation when it is done. A new reply reopens it.' },
  },
  {
    id: 'tray',
    name: 'Tray',
    query: { tray: true },
    count: (counts) => counts.tray,
    key: 'g t',
    group: 'standing',
    empty: {
      title: 'The tray is empty',
      text: 'When a stranger writes into someone else’s thread, the message waits here until you say where it belongs.',
    },
  },
  {
    id: 'look',
    name: 'Needs a look',
    query: {},
    count: () => undefined,
    key: 'g l',
    group: 'standing',
    empty: {
      title: 'Nothing needs a look',
      text: 'Messages that failed, or that may have been sent, wait here for a person to decide.',
    },
  },
];

export const teamView = ({ id, name }: Pick<Team, 'id' | 'name'>): View => ({
  id,
  name,
  query: { state: 'open', tray: false, team: id },
  count: (counts) => counts.teams?.[id],
  group: 'team',
  empty: { title: `Nothing is open for ${name}`, text: 'Give a conversation to a team with Shift T. It is listed here until resolved.' },
});

export const savedView = ({ id, name, query }: SavedView): View => ({
  id,
  name,
  query: { q: query },
  count: () => undefined,
  group: 'saved',
  empty: { title: 'Nothing fits this view', text: `It shows what fits “${query}”.` },
});

export const searchView = (q: string): View => ({
  id: 'search',
  name: 'Search',
  query: { q },
  count: () => undefined,
  group: 'saved',
  empty: { title: 'Nothing was found', text: 'Try fewer words, or part of a word followed by *.' },
});

export const viewNamed = (id: string | null): View | undefined => views.find((view) => view.id === id);

/** Where the inbox opens. */
export const firstView = viewNamed('open') as View;
