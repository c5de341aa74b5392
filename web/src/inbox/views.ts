// The saved views of the inbox: what each asks the server for, and what it says when empty.

import type { ConversationQuery } from '../api/calls';
import type { ConversationCounts } from '../api/types';

export type View = {
  id: string;
  name: string;
  query: ConversationQuery;
  count: (counts: ConversationCounts) => number | undefined;
  empty: { title: string; text: string };
};

export const views: View[] = [
  {
    id: 'open',
    name: 'Open',
    query: { state: 'open', tray: false },
    count: (counts) => counts.open,
    empty: { title: 'Nothing is open', text: 'New conversations appear here by themselves, whatever channel they use.' },
  },
  {
    id: 'unassigned',
    name: 'Unassigned',
    query: { state: 'open', tray: false, assignee: 'none' },
    count: (counts) => counts.unassigned,
    empty: { title: 'Everything has an owner', text: 'Open conversations that nobody has taken are listed here.' },
  },
  {
    id: 'mine',
    name: 'Mine',
    query: { state: 'open', tray: false, assignee: 'me' },
    count: (counts) => counts.mine,
    empty: { title: 'Nothing is yours', text: 'Press a in a conversation to take it. It is listed here until resolved.' },
  },
  {
    id: 'tray',
    name: 'Tray',
    query: { tray: true },
    count: (counts) => counts.tray,
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
    empty: {
      title: 'Nothing needs a look',
      text: 'Messages that failed, or that may have been sent, wait here for a person to decide.',
    },
  },
  {
    id: 'resolved',
    name: 'Resolved',
    query: { state: 'resolved' },
    count: (counts) => counts.resolved,
    empty: { title: 'Nothing is resolved yet', text: 'Press e in a conversation when it is done. A new reply reopens it.' },
  },
];

export const viewNamed = (id: string | null): View => views.find((view) => view.id === id) ?? (views[0] as View);
