// The conversations of one view: pages by cursor, kept fresh by events.

import { conversations, type ConversationQuery } from '../api/calls';
import { Problem } from '../api/problem';
import type { Conversation, FeedEvent } from '../api/types';
import { mergeFirstPage } from './merge';

const PAGE = 50;
/** Rows below the first page that are asked for one by one; beyond, they wait until they are scrolled to again. */
const SINGLES = 10;

export class Rows {
  all = $state.raw<Conversation[]>([]);
  cursor = $state<string | null>(null);
  loading = $state(true);
  problem = $state<Problem | null>(null);
  #asking = false;
  #again = false;

  constructor(private readonly query: ConversationQuery) {}

  async refresh() {
    this.#again = true;
    if (this.#asking) return;
    this.#asking = true;
    try {
      while (this.#again) {
        this.#again = false;
        const page = await conversations.list({ ...this.query, limit: PAGE });
        const wasShort = this.all.length <= PAGE;
        this.all = mergeFirstPage(this.all, page.data, page.next_cursor === null);
        if (wasShort && this.all.length <= PAGE) this.cursor = page.next_cursor;
        this.problem = null;
      }
    } catch (cause) {
      this.problem = Problem.of(cause);
    } finally {
      this.#asking = false;
      this.loading = false;
    }
  }

  async more() {
    if (this.loading || this.cursor === null) return;
    this.loading = true;
    try {
      const page = await conversations.list({ ...this.query, limit: PAGE, cursor: this.cursor });
      const known = new Set(this.all.map((row) => row.id));
      this.all = [...this.all, ...page.data.filter((row) => !known.has(row.id))];
      this.cursor = page.next_cursor;
      this.problem = null;
    } catch (cause) {
      this.problem = Problem.of(cause);
    } finally {
      this.loading = false;
    }
  }

  async hear(events: FeedEvent[]) {
    const touched = new Set(events.map((event) => event.data.conversation_id));
    const deep = this.all.slice(PAGE).filter((row) => touched.has(row.id));
    await this.refresh();
    for (const row of deep.slice(0, SINGLES)) {
      conversations.one(row.id).then(
        (fresh) => this.put(fresh),
        () => this.drop(row.id),
      );
    }
  }

  put(fresh: Conversation) {
    const left = this.query.state !== undefined && fresh.state !== this.query.state;
    if (left) this.drop(fresh.id);
    else this.all = this.all.map((row) => (row.id === fresh.id ? fresh : row));
  }

  drop(id: string) {
    this.all = this.all.filter((row) => row.id !== id);
  }
}
