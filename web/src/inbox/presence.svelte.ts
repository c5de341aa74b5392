// Who else looks at this conversation, and who is typing. Told to the server while the page is seen, and heard from it.

import type { Doing, Present } from '../api/inbox';
import { inbox } from '../api/inboxCalls';
import { can, me } from '../frame/account.svelte';
import { listenForPresence } from '../live/stream.svelte';

/** The server forgets after 30 s. */
const REPEAT = 20_000;
/** After the last key, somebody still counts as typing for so long. */
const PAUSE = 6_000;

export class Presence {
  others = $state.raw<Present[]>([]);
  #doing: Doing = 'viewing';
  #typedAt = 0;
  #told = 0;

  constructor(private readonly id: string) {}

  /** Returns the way out. */
  start(): () => void {
    const stop = listenForPresence((word) => word.conversation_id === this.id && this.#hear(word.people));
    if (!me().user || !can('conversations:write')) return stop;
    void this.#tell('viewing');
    const timer = setInterval(() => this.#tick(), 2_000);
    const seen = () => (document.hidden ? void this.#tell('away') : void this.#tell('viewing'));
    const gone = () => void this.#tell('away', true);
    document.addEventListener('visibilitychange', seen);
    addEventListener('pagehide', gone);
    return () => {
      stop();
      clearInterval(timer);
      document.removeEventListener('visibilitychange', seen);
      removeEventListener('pagehide', gone);
      gone();
    };
  }

  typed() {
    this.#typedAt = Date.now();
    if (this.#doing !== 'typing') void this.#tell('typing');
  }

  #tick() {
    if (document.hidden) return;
    const now = Date.now();
    const doing = now - this.#typedAt < PAUSE ? 'typing' : 'viewing';
    if (doing !== this.#doing || now - this.#told > REPEAT) void this.#tell(doing);
  }

  async #tell(doing: Doing, leaving = false) {
    this.#doing = doing;
    this.#told = Date.now();
    try {
      const answer = await inbox.presence(this.id, doing, leaving);
      if (!leaving) this.#hear(answer.others);
    } catch {
      // Nobody is told; the next time will do.
    }
  }

  #hear(people: Present[]) {
    this.others = people.filter(({ id, doing }) => id !== me().user?.id && doing !== 'away');
  }
}

/** `Kim is typing…`, `Kim and Sam are looking at this too`. */
export function presenceWords(others: Present[]): string {
  const names = (list: Present[]) => list.map(({ name }) => name).join(' and ');
  const typing = others.filter(({ doing }) => doing === 'typing');
  if (typing.length > 0) return `${names(typing)} ${typing.length === 1 ? 'is' : 'are'} typing…`;
  if (others.length > 2) return `${others.length} others are looking at this too`;
  return others.length > 0 ? `${names(others)} ${others.length === 1 ? 'is' : 'are'} looking at this too` : '';
}
