// Conversations found by typing, for choosing one: the newest until something is typed, then what the server finds.

import { conversations } from '../api/calls';
import { inbox } from '../api/inboxCalls';
import type { Conversation } from '../api/types';

const PAUSE = 150;

export class Found {
  rows = $state.raw<Conversation[]>([]);
  #turn = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  look(query: string, without?: string) {
    const turn = ++this.#turn;
    clearTimeout(this.#timer);
    const wanted = query.trim();
    const ask = async () => {
      const found = wanted
        ? (await inbox.search({ q: wanted, limit: 20 })).data.map((hit) => hit.conversation)
        : (await conversations.list({ limit: 20 })).data;
      if (turn !== this.#turn) return;
      const unique = new Map(found.map((row) => [row.id, row]));
      this.rows = [...unique.values()].filter((row) => row.id !== without);
    };
    this.#timer = setTimeout(() => void ask().catch(() => {}), wanted ? PAUSE : 0);
  }
}
