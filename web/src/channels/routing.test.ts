import { expect, test } from 'vitest';
import { hindrance, inOrder, turnOf, type Routed } from './routing';

type Routing = Routed['routing'];
const routing = (place: number, role: NonNullable<Routing['turn']>['role'], more: Partial<Routing> = {}): Routing => ({
  usable: true,
  paused_until: null,
  why: null,
  place,
  turn: { role, share: null, after: [], words: 'Goes first' },
  ...more,
});
const account = (name: string, routing: Routing, channel: Routed['channel'] = 'email'): Routed => ({ name, channel, enabled: true, routing });

test('the order is the server’s; channels stay together, and what reaches nobody comes last', () => {
  const all = [
    account('Console', routing(1, 'only'), 'console'),
    account('Second', routing(2, 'stands_in')),
    account('First', routing(1, 'first')),
  ];
  expect(inOrder(all).map(({ name }) => name)).toEqual(['First', 'Second', 'Console']);
});

test('what an account does is said in the server’s words; the only one needs none', () => {
  expect(turnOf(account('A', routing(1, 'first')))).toEqual({ words: 'Goes first', tone: 'good' });
  expect(turnOf(account('A', routing(1, 'left_out')))?.tone).toBe('warn');
  expect(turnOf(account('A', routing(1, 'only')))).toBeNull();
  expect(turnOf(account('A', routing(1, 'only', { turn: null })))).toBeNull();
});

test('why an account is not used is a sentence', () => {
  const paused = { ...account('A', routing(1, 'left_out', { usable: false, why: 'the provider asked to wait.' })) };
  expect(hindrance(paused)).toBe('Not used now: the provider asked to wait');
  expect(hindrance({ ...paused, enabled: false })).toBeNull();
  expect(hindrance(account('B', routing(1, 'first')))).toBeNull();
});
