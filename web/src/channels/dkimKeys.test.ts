import { expect, test } from 'vitest';
import { algorithmsOf, freeSelector } from './dkimKeys';

test('a choice is a list of algorithms', () => {
  expect(algorithmsOf('both')).toEqual(['rsa', 'ed25519']);
  expect(algorithmsOf('rsa')).toEqual(['rsa']);
});

test('a selector is proposed that no key has', () => {
  const now = new Date('2026-11-20T12:00:00Z');
  expect(freeSelector([], now)).toBe('s2026');
  expect(freeSelector(['s2026'], now)).toBe('s2026b');
  expect(freeSelector(['s2026-ed25519', 's2026b'], now)).toBe('s2026c');
});
