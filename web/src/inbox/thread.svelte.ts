// One open conversation: its timeline, older pages on demand, kept fresh by events.

import { conversations } from '../api/calls';
import { inbox } from '../api/inboxCalls';
import { Problem } from '../api/problem';
import type { Conversation, FeedEvent, Message, TimelineItem } from '../api/types';
import { mergeItems, mergeNewest } from './merge';
import { idOf } from './timeline';

const PAGE = 40;
/** Whoever looks for something far back gets there in fewer steps. */
const LARGE_PAGE = 200;
/** Timelines seen lately, or about to be: opening one of them again shows it at once, and then asks. */
const KEPT = 40;
const kept = new Map<string, { items: TimelineItem[]; older: string | null }>();

function keep(id: string, items: TimelineItem[], older: string | null) {
  kept.delete(id);
  kept.set(id, { items, older });
  for (const oldest of kept.keys()) {
    if (kept.size <= KEPT) break;
    kept.delete(oldest);
  }
}

/** Fetches what will probably be opened next. */
export async function expect(id: string) {
  if (kept.has(id)) return;
  const page = await inbox.timeline(id, { limit: PAGE }).catch(() => null);
  if (page) keep(id, page.data, page.next_cursor);
}

export class Thread {
  conversation = $state.raw<Conversation | null>(null);
  items = $state.raw<TimelineItem[]>([]);
  older = $state<string | null>(null);
  loaded = $state(false);
  loadingOlder = $state(false);
  /** While something far back is looked for. */
  reaching = $state(false);
  problem = $state<Problem | null>(null);
  /** Set while a decision may take the conversation away: then there is nothing to ask for. */
  paused = false;
  #asking = false;
  #again = false;

  messages = $derived(this.items.flatMap((item) => (item.type === 'message' ? [item.message] : [])));

  /** `known`: the list's row, so that head and composer need not wait. */
  constructor(
    readonly id: string,
    known: Conversation | undefined,
  ) {
    this.conversation = known ?? null;
    const before = kept.get(id);
    if (!before) return;
    this.items = before.items;
    this.older = before.older;
    this.loaded = true;
  }

  /** The message that a reply answers: the last of the other side, else the last that was sent. */
  get answering(): Message | null {
    const real = this.messages.filter((message) => message.state !== 'cancelled');
    return real.findLast((message) => message.direction === 'inbound') ?? real.at(-1) ?? null;
  }

  async refresh() {
    if (this.paused) return;
    this.#again = true;
    if (this.#asking) return;
    this.#asking = true;
    try {
      while (this.#again) {
        this.#again = false;
        const [conversation, page] = await Promise.all([
          conversations.one(this.id),
          inbox.timeline(this.id, { limit: PAGE }),
        ]);
        if (this.items.length <= PAGE) this.older = page.next_cursor;
        this.items = mergeNewest(this.items, page.data, page.next_cursor === null);
        this.conversation = conversation;
        this.problem = null;
        this.loaded = true;
        if (this.items.length <= PAGE * 2) keep(this.id, this.items, this.older);
      }
    } catch (cause) {
      this.problem = Problem.of(cause);
    } finally {
      this.#asking = false;
    }
  }

  /** Loads what came before until the item is there. Ids rise with time, so it is known when there is none. */
  async reach(id: string): Promise<boolean> {
    const bare = (of: string) => of.slice(of.indexOf('_') + 1);
    const here = () => this.items.some((item) => idOf(item) === id);
    this.reaching = true;
    try {
      while (!here() && this.older !== null && this.items[0] && bare(idOf(this.items[0])) > bare(id)) {
        const before = this.older;
        await this.loadOlder(LARGE_PAGE);
        if (this.older === before) break;
      }
    } finally {
      this.reaching = false;
    }
    return here();
  }

  async loadOlder(limit = PAGE) {
    if (this.older === null || this.loadingOlder) return;
    this.loadingOlder = true;
    try {
      const page = await inbox.timeline(this.id, { limit, cursor: this.older });
      this.items = mergeItems(this.items, page.data);
      this.older = page.next_cursor;
    } catch (cause) {
      this.problem = Problem.of(cause);
    } finally {
      this.loadingOlder = false;
    }
  }

  /** Shows at once what the server has just answered; the event about it comes later. */
  add(item: TimelineItem) {
    this.items = mergeItems(this.items, [item]);
  }

  hear(events: FeedEvent[]) {
    const ours = events.filter((event) => event.data.conversation_id === this.id);
    // A draft shows in the composer, and what was read in the list.
    if (ours.some(({ type }) => (type as string) !== 'draft.changed')) void this.refresh();
  }
}
