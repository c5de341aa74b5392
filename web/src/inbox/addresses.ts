// The addresses of people who fit what is typed: as recipients, and as what is looked for.

import { people } from '../api/people';
import type { Address } from '../api/types';
import { can } from '../frame/account.svelte';

/** Typing goes on meanwhile: only what stands still for this long is asked for. */
const PAUSE = 120;
const MOST = 6;

/** Asks the server, and calls back once; what it gives ends that, also when the answer is on its way. */
export function lookUp(text: string, answer: (found: Address[]) => void): () => void {
  const q = text.trim();
  if (q.length < 2 || !can('contacts:read')) return () => {};
  let wanted = true;
  const timer = setTimeout(async () => {
    // One can go on typing without.
    const page = await people.list({ q, limit: MOST }).catch(() => null);
    if (!wanted || !page) return;
    const addresses = page.data.flatMap(({ name, identities }) =>
      identities.filter(({ channel }) => channel === 'email').map(({ address }) => ({ name: name || null, address })),
    );
    answer(addresses);
  }, PAUSE);
  return () => {
    wanted = false;
    clearTimeout(timer);
  };
}
