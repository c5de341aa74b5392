// What is done to conversations, one or many: shown at once, sent to the server, and taken back on request.

import { conversations } from '../api/calls';
import type { ConversationChange } from '../api/inbox';
import { inbox } from '../api/inboxCalls';
import type { Conversation } from '../api/types';
import { directory } from '../frame/directory.svelte';
import { refreshCounts } from '../frame/counts.svelte';
import { complain, notify } from '../frame/notices.svelte';
import { count } from '../parts/words';
import { applied, inverse, type Known } from './changes';

/** The most conversations that the server changes in one request. */
const BATCH = 500;

export type Desk = {
  /** The conversation as the page knows it. */
  find: (id: string) => Conversation | undefined;
  /** Shows a conversation as it is now. */
  put: (fresh: Conversation[]) => void;
  /** Asks the server again: what was shown turned out wrong. */
  refresh: () => void;
};

export class Verbs {
  constructor(private readonly desk: Desk) {}

  /** `done`: what to say afterwards, such as `assigned to Kim`. */
  async change(ids: string[], change: ConversationChange, done: string) {
    const before = await this.#known(ids);
    if (before.length === 0) return;
    this.desk.put(before.map((talk) => applied(talk, change, this.#names())));
    try {
      const skipped = await this.#send(before, change);
      const what = before.length === 1 ? 'Conversation' : count(before.length - skipped, 'conversation');
      const rest = skipped > 0 ? ` ${count(skipped, 'conversation')} stayed as before.` : '';
      notify(`${what} ${done}.${rest}`, () => void this.#restore(before, change));
    } catch (cause) {
      this.desk.put(before);
      complain(before.length === 1 ? 'The conversation was not changed' : 'The conversations were not all changed', cause);
    }
    this.desk.refresh();
    void refreshCounts();
  }

  /** Something else has changed it at the server already: only the page has to follow. */
  settled(talk: Conversation) {
    this.desk.put([talk]);
    this.desk.refresh();
    void refreshCounts();
  }

  async markUnread(ids: string[], unread: boolean) {
    const before = await this.#known(ids);
    this.desk.put(before.map((talk) => ({ ...talk, unread: unread ? Math.max(1, talk.unread) : 0 })));
    try {
      const [only] = before;
      if (before.length === 1 && only) await (unread ? inbox.markUnread(only.id) : conversations.markRead(only.id));
      else await this.#send(before, { read: !unread });
      if (before.length > 1) notify(`${count(before.length, 'conversation')} marked as ${unread ? 'unread' : 'read'}.`);
    } catch (cause) {
      complain(`Not all were marked as ${unread ? 'unread' : 'read'}`, cause);
    }
    this.desk.refresh();
    void refreshCounts();
  }

  async #send(before: Conversation[], change: ConversationChange): Promise<number> {
    const [only] = before;
    if (before.length === 1 && only) {
      this.desk.put([await inbox.change(only.id, change)]);
      return 0;
    }
    let skipped = 0;
    for (let at = 0; at < before.length; at += BATCH) {
      const result = await inbox.bulk(before.slice(at, at + BATCH).map(({ id }) => id), change);
      skipped += result.skipped.length;
    }
    return skipped;
  }

  /** Conversations were not alike before, so those that were go back together. */
  async #restore(before: Conversation[], change: ConversationChange) {
    this.desk.put(before);
    const groups = new Map<string, { back: ConversationChange; ids: string[] }>();
    for (const talk of before) {
      const back = inverse(talk, change);
      const key = JSON.stringify(back);
      const group = groups.get(key) ?? { back, ids: [] };
      group.ids.push(talk.id);
      groups.set(key, group);
    }
    try {
      for (const { back, ids } of groups.values()) {
        if (ids.length === 1 && ids[0]) await inbox.change(ids[0], back);
        else await inbox.bulk(ids, back);
      }
    } catch (cause) {
      complain('Not everything was taken back', cause, 'What was taken back stays so.');
    }
    this.desk.refresh();
    void refreshCounts();
  }

  async #known(ids: string[]): Promise<Conversation[]> {
    const found = await Promise.all(ids.map((id) => this.desk.find(id) ?? conversations.one(id).catch(() => null)));
    return found.filter((talk) => talk !== null);
  }

  #names(): Known {
    return { users: directory.users, teams: directory.teams, tags: directory.tags };
  }
}
