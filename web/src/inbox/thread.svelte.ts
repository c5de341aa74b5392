// One open conversation: its messages, older pages on demand, kept fresh by events.

import { conversations } from '../api/calls';
import { Problem } from '../api/problem';
import type { Conversation, FeedEvent, Message } from '../api/types';
import { mergeMessages } from './merge';

const PAGE = 30;

export class Thread {
  conversation = $state.raw<Conversation | null>(null);
  messages = $state.raw<Message[]>([]);
  older = $state<string | null>(null);
  loadingOlder = $state(false);
  problem = $state<Problem | null>(null);
  /** Set while a decision may take the conversation away: then there is nothing to ask for. */
  paused = false;
  #asking = false;
  #again = false;

  /** `known`: the list's row, so that head and composer need not wait. */
  constructor(
    readonly id: string,
    known: Conversation | undefined,
  ) {
    this.conversation = known ?? null;
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
          conversations.messages(this.id, { limit: PAGE }),
        ]);
        if (this.messages.length === 0) this.older = page.next_cursor;
        this.messages = mergeMessages(this.messages, page.data);
        this.conversation = conversation;
        this.problem = null;
      }
    } catch (cause) {
      this.problem = Problem.of(cause);
    } finally {
      this.#asking = false;
    }
  }

  async loadOlder() {
    if (this.older === null || this.loadingOlder) return;
    this.loadingOlder = true;
    try {
      const page = await conversations.messages(this.id, { limit: PAGE, cursor: this.older });
      this.messages = mergeMessages(this.messages, page.data);
      this.older = page.next_cursor;
    } catch (cause) {
      this.problem = Problem.of(cause);
    } finally {
      this.loadingOlder = false;
    }
  }

  hear(events: FeedEvent[]) {
    if (events.some((event) => event.data.conversation_id === this.id)) void this.refresh();
  }
}
