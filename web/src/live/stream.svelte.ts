// The live feed of the server: one connection per browser, shared by all tabs, resumed after a break.

import type { PresenceWord } from '../api/inbox';
import type { FeedEvent } from '../api/types';
import { Batch } from './batch';

const TYPES = [
  ...['queued', 'sending', 'sent', 'delivered', 'deferred', 'bounced', 'failed', 'blocked', 'unknown', 'cancelled'],
  ...['received', 'updated'],
].map((what) => `message.${what}`);
TYPES.push('conversation.opened', 'conversation.updated', 'conversation.read', 'contact.created', 'contact.updated');
TYPES.push('channel_account.created', 'channel_account.updated', 'channel_account.deleted', 'journal.failed');
TYPES.push('note.changed', 'draft.changed', 'notification.created', 'notification.read', 'contact.merged');
TYPES.push('contact_import.progressed', 'mailbox.updated', 'suppression.added', 'suppression.removed', 'webhook.updated');
TYPES.push(...['tag', 'team', 'view', 'canned_response'].map((what) => `${what}.changed`));

type Listener = { onEvents: (events: FeedEvent[]) => void; onResume: () => void };
type Word =
  | { kind: 'event'; event: FeedEvent }
  | { kind: 'presence'; presence: PresenceWord }
  | { kind: 'resumed' }
  | { kind: 'lost' };

export const live = $state<{ state: 'connecting' | 'open' | 'lost' }>({ state: 'connecting' });

const listeners = new Set<Listener>();
const watchers = new Set<(word: PresenceWord) => void>();
const batch = new Batch<FeedEvent>((events) => listeners.forEach((listener) => listener.onEvents(events)), 150);
const tabs = 'BroadcastChannel' in globalThis ? new BroadcastChannel('chancery-events') : null;
let lastSeq: number | null = null;
let pause = 500;
let ours: EventSource | null = null;
let hiddenSince: number | null = null;
/** A page that was hidden for so long may have slept, and its connection may be dead without saying so. */
const SLEEP = 30_000;

/** Calls back for events, and once after a break, when anything may have happened. Returns the way out. */
export function listen(onEvents: Listener['onEvents'], onResume: Listener['onResume']): () => void {
  const listener = { onEvents, onResume };
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Who looks at what, and who is typing: never stored, never repeated after a break. Returns the way out. */
export function listenForPresence(onPresence: (word: PresenceWord) => void): () => void {
  watchers.add(onPresence);
  return () => watchers.delete(onPresence);
}

export function startStream() {
  addEventListener('online', catchUp);
  document.addEventListener('visibilitychange', () => {
    const slept = !document.hidden && hiddenSince !== null && Date.now() - hiddenSince > SLEEP;
    hiddenSince = document.hidden ? Date.now() : null;
    if (slept) catchUp();
  });
  // Browsers allow six connections to one HTTP/1.1 server: seven tabs with a stream each would hang them all.
  if (!navigator.locks || !tabs) return connect();
  tabs.onmessage = ({ data }: MessageEvent<Word>) => hear(data);
  live.state = 'open';
  void navigator.locks.request('chancery-events', () => {
    live.state = 'connecting';
    connect();
    return new Promise(() => {});
  });
}

function connect() {
  const source = new EventSource(`/v1/events/stream${lastSeq === null ? '' : `?after=${lastSeq}`}`);
  ours = source;
  source.onopen = () => {
    pause = 500;
    say({ kind: 'resumed' });
  };
  source.onerror = () => {
    // Our own reconnect: the browser's would repeat the old `after`, and gives up for good on some answers.
    source.close();
    say({ kind: 'lost' });
    setTimeout(() => ours === source && connect(), pause);
    pause = Math.min(pause * 2, 15_000);
  };
  const take = (message: MessageEvent<string>) => say({ kind: 'event', event: JSON.parse(message.data) });
  for (const type of TYPES) source.addEventListener(type, take);
  source.addEventListener('presence', ({ data }) => say({ kind: 'presence', presence: JSON.parse(data) }));
}

/** Another tab may hold the connection; then this one asks for its rows again all the same. */
function catchUp() {
  if (!ours) return hear({ kind: 'resumed' });
  ours.close();
  connect();
}

function say(word: Word) {
  hear(word);
  tabs?.postMessage(word);
}

function hear(word: Word) {
  if (word.kind === 'event') {
    lastSeq = Math.max(lastSeq ?? 0, word.event.seq);
    batch.add(word.event);
  } else if (word.kind === 'presence') {
    watchers.forEach((watch) => watch(word.presence));
  } else if (word.kind === 'lost') {
    live.state = 'lost';
  } else {
    live.state = 'open';
    listeners.forEach((listener) => listener.onResume());
  }
}
