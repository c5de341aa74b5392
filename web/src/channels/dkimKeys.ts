// What the form for new DKIM keys begins with. Pure.

export type Signing = 'both' | 'rsa' | 'ed25519';

export const algorithmsOf = (signing: Signing): ('rsa' | 'ed25519')[] => (signing === 'both' ? ['rsa', 'ed25519'] : [signing]);

/** `s2026`, then `s2026b` and so on: a selector is never used twice, because receivers may still have the old key. */
export function freeSelector(taken: string[], now: Date): string {
  const base = `s${now.getUTCFullYear()}`;
  const isFree = (name: string) => !taken.includes(name) && !taken.includes(`${name}-ed25519`);
  const letters = ['', ...'bcdefghijklmnopqrstuvwxyz'];
  return letters.map((letter) => base + letter).find(isFree) ?? '';
}
