// The conversations of one view or search: pages by cursor, kept fresh by events.

import { conversations, type ConversationQuery } from '../api/calls';
import type { SearchHit, Understood } from '../api/inbox';
import { inbox } from '../api/inboxCalls';
import { Problem } from '../api/problem';
import type { Conversation, FeedEvent } from '../api/types';
import { me } from '../frame/account.svelte';
import { belongs } from './changes';
import { mergeFirstPage } from './merge';

const PAGE = 50;
/** Who scrolls on wants more at once. */
const MORE = 100;
/** Rows below the first page that are asked for one by one; beyond, they wait until they are scrolled to again. */
const SINGLES = 10;
/** A search costs more than a list: one that is kept fresh is asked again at most this often. */
const PATIENCE = 2_000;

type Fetched = { data: Conversation[]; next_cursor: string | null };

export class Rows {
  all = $state.raw<Conversation[]>([]);
  cursor = $state<string | null>(null);
  loading = $state(true);
  problem = $state<Problem | null>(null);
  /** Of a search: where the words were found, by conversation. */
  hits = $state.raw(new Map<string, SearchHit>());
  understood = $state.raw<Understood | null>(null);
  #asking = false;
  #again = false;
  #askedAt = 0;
  #timer: ReturnType<typeof setTimeout> | null = null;

  /** A search has its words as `q`; anything else is a list. */
  constructor(readonly query: ConversationQuery & { q?: string }) {}

  get searching(): boolean {
    return this.query.q !== undefined;
  }

  async refresh() {
    this.#again = true;
    if (this.#asking) return;
    this.#asking = true;
    try {
      while (this.#again) {
        this.#again = false;
        this.#askedAt = Date.now();
        const page = await this.#page(undefined);
        const wasShort = this.all.length <= PAGE;
        this.all =
          this.searching && wasShort ? page.data : mergeFirstPage(this.all, page.data, page.next_cursor === null);
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
      const page = await this.#page(this.cursor, MORE);
      const fresh = new Map(page.data.map((row) => [row.id, row]));
      // What moved meanwhile is there already. The list may be very long: it is only looked through.
      for (const row of this.all) fresh.delete(row.id);
      this.all = [...this.all, ...fresh.values()];
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
    if (this.searching) return this.#hearSearching(touched);
    const deep = this.all.slice(PAGE).filter((row) => touched.has(row.id));
    await this.refresh();
    this.#askSingly(deep);
  }

  stop() {
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  put(fresh: Conversation) {
    if (!belongs(fresh, this.query, me().user?.id)) this.drop([fresh.id]);
    else this.all = this.all.map((row) => (row.id === fresh.id ? fresh : row));
  }

  drop(ids: string[]) {
    this.all = this.all.filter((row) => !ids.includes(row.id));
  }

  #hearSearching(touched: Set<string | null | undefined>) {
    this.#askSingly(this.all.filter((row) => touched.has(row.id)));
    if (this.#timer !== null) return;
    const wait = Math.max(0, this.#askedAt + PATIENCE - Date.now());
    this.#timer = setTimeout(() => {
      this.#timer = null;
      void this.refresh();
    }, wait);
  }

  #askSingly(rows: Conversation[]) {
    for (const row of rows.slice(0, SINGLES)) {
      conversations.one(row.id).then(
        (fresh) => this.put(fresh),
        () => this.drop([row.id]),
      );
    }
  }

  async #page(cursor: string | undefined, limit = PAGE): Promise<Fetched> {
    const { q, ...query } = this.query;
    if (q === undefined) return conversations.list({ ...query, limit, cursor });
    const page = await inbox.search({ q, limit, cursor });
    // The best hit of each conversation comes first.
    const hits = new Map(cursor === undefined ? [] : this.hits);
    const found = page.data.filter((hit) => !hits.has(hit.conversation.id) && hits.set(hit.conversation.id, hit));
    this.hits = hits;
    this.understood = page.understood;
    return { data: found.map((hit) => hit.conversation), next_cursor: page.next_cursor };
  }
}
