// What the person who is signed in should know: how much is unread, and the list. Live.

import { notifications } from '../api/desk';
import type { Notification } from '../api/types';
import { me } from '../frame/account.svelte';
import { complain } from '../frame/notices.svelte';
import { listen } from '../live/stream.svelte';
import { Pages } from '../parts/pages.svelte';

export const news = $state<{ unread: number; only: 'unread' | 'all' }>({ unread: 0, only: 'unread' });

export const pages = new Pages<Notification>((cursor) =>
  notifications.list({ unread: news.only === 'unread' || undefined, limit: 50, cursor }),
);

const sameId = (one: Notification, other: Notification) => one.id === other.id;
let listed = false;

/** Without a word on failure: the bell keeps its last number. */
async function count() {
  try {
    news.unread = (await notifications.count()).unread;
  } catch {
    // Asked again with the next event.
  }
}

/** The list is asked for when the bell is first opened, and kept fresh from then on. */
export function showList(only = news.only) {
  const known = listed && only === news.only;
  listed = true;
  news.only = only;
  return known ? pages.refresh(sameId) : pages.load();
}

export function startNews(): () => void {
  const refresh = () => {
    void count();
    if (listed) void pages.refresh(sameId);
  };
  void count();
  const mine = me().user?.id;
  return listen(
    (events) =>
      events.some(({ type, data }) => type.startsWith('notification.') && (!data.user_id || data.user_id === mine)) && refresh(),
    refresh,
  );
}

/** Shown as read at once; the server is told, and asked again if it refuses. */
export async function markRead(which: Notification[] | 'all') {
  const now = new Date().toISOString();
  const ids = which === 'all' ? null : new Set(which.map((one) => one.id));
  const fresh = pages.rows.filter((one) => !one.read_at && (!ids || ids.has(one.id))).length;
  if (ids && fresh === 0) return;
  pages.rows = pages.rows.map((one) => (one.read_at || (ids && !ids.has(one.id)) ? one : { ...one, read_at: now }));
  news.unread = ids ? Math.max(0, news.unread - fresh) : 0;
  try {
    await notifications.read(ids ? { ids: [...ids] } : { all: true });
  } catch (cause) {
    complain('The notifications were not marked as read', cause);
    await Promise.all([count(), pages.refresh(sameId)]);
  }
}
