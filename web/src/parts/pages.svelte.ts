// A list that comes in pages by cursor: the rows so far, whether more are there, and what went wrong.

import { Problem } from '../api/problem';
import type { Page } from '../api/types';
import { renewed } from './renewed';

type Read<T> = { rows: T[]; cursor: string | null };

export class Pages<T> {
  rows = $state.raw<T[]>([]);
  cursor = $state<string | null>(null);
  loading = $state(true);
  problem = $state<Problem | null>(null);
  #turn = 0;

  constructor(private readonly ask: (cursor: string | undefined) => Promise<Page<T>>) {}

  /** The first page again; what came before stays on screen until it is there. */
  async load() {
    await this.#take(undefined, (page) => ({ rows: page.data, cursor: page.next_cursor }));
  }

  /** The first page again, and what was read below it stays, so that nobody is thrown back to the top. */
  async refresh(same: (one: T, other: T) => boolean) {
    await this.#take(undefined, (page) => renewed(this.rows, this.cursor, page, same));
  }

  async more() {
    if (this.loading || this.cursor === null) return;
    await this.#take(this.cursor, (page) => ({ rows: [...this.rows, ...page.data], cursor: page.next_cursor }));
  }

  async #take(cursor: string | undefined, join: (page: Page<T>) => Read<T>) {
    const turn = ++this.#turn;
    this.loading = true;
    try {
      const page = await this.ask(cursor);
      if (turn !== this.#turn) return;
      Object.assign(this, join(page));
      this.problem = null;
    } catch (cause) {
      if (turn === this.#turn) this.problem = Problem.of(cause);
    } finally {
      if (turn === this.#turn) this.loading = false;
    }
  }
}
