// The names everybody works with: people, teams, tags, saved views, and the accounts that send. Asked for once, and again
// when one changes.

import { channels, users } from '../api/calls';
import { houseSettings, savedViews, tags, teams } from '../api/desk';
import type { ChannelAccount, FeedEvent, Named, SavedView, Tag, Team } from '../api/types';
import { listen } from '../live/stream.svelte';
import { can } from './account.svelte';

type Directory = {
  users: Named[];
  teams: Team[];
  tags: Tag[];
  views: SavedView[];
  accounts: ChannelAccount[];
  /** The addresses at which mail comes in, and whole domains as `@example.com`. */
  doors: string[];
  /** For how long a message can be called back. */
  undoSeconds: number;
};

export const directory = $state<Directory>({ users: [], teams: [], tags: [], views: [], accounts: [], doors: [], undoSeconds: 10 });

const byName = (a: { name: string }, b: { name: string }) => a.name.localeCompare(b.name);

/** Each on its own: a server that refuses one still answers the others, and the pages do without that one. */
const sources: Record<keyof Directory, () => Promise<void>> = {
  users: async () => {
    const { data } = await users.list();
    directory.users = data.filter((user) => !user.disabled).map(({ id, name }) => ({ id, name })).sort(byName);
  },
  teams: async () => {
    const { data } = await teams.list();
    directory.teams = data.sort(byName);
  },
  tags: async () => {
    const { data } = await tags.list();
    directory.tags = data.sort(byName);
  },
  views: async () => {
    const { data } = await savedViews.list();
    directory.views = data.sort((a, b) => a.position - b.position || byName(a, b));
  },
  accounts: async () => {
    const { data } = await channels.list();
    directory.accounts = data.filter(({ enabled }) => enabled);
  },
  doors: async () => {
    const { data } = await channels.routes();
    directory.doors = data.map(({ address }) => address);
  },
  undoSeconds: async () => {
    const { undo_send_seconds } = await houseSettings.read();
    directory.undoSeconds = undo_send_seconds;
  },
};

const words: Partial<Record<string, keyof Directory>> = {
  'team.changed': 'teams',
  'tag.changed': 'tags',
  'view.changed': 'views',
  'channel_account.created': 'accounts',
  'channel_account.updated': 'accounts',
  'channel_account.deleted': 'accounts',
};

export async function reload(which: keyof Directory) {
  await sources[which]().catch(() => {});
}

export function startDirectory() {
  const all = () => {
    if (can('users:read')) void reload('users');
    if (can('channels:read')) for (const which of ['accounts', 'doors'] as const) void reload(which);
    if (can('settings:read')) void reload('undoSeconds');
    if (can('conversations:read')) for (const which of ['teams', 'tags', 'views'] as const) void reload(which);
  };
  const hear = (events: FeedEvent[]) => {
    for (const which of new Set(events.map((event) => words[event.type]))) if (which) void reload(which);
  };
  all();
  listen(hear, all);
}
