import { expect, test } from 'vitest';
import { hindrance, inOrder, turnOf, type Routed } from './routing';

const working = { usable: true, paused_until: null, why: null };
const paused = { usable: false, paused_until: '2026-11-20T12:00:00Z', why: 'the provider asked to wait' };
const account = (name: string, priority: number, more: Partial<Routed> = {}): Routed => ({
  id: name,
  name,
  channel: 'email',
  enabled: true,
  priority,
  weight: 100,
  routing: working,
  ...more,
});
const words = (one: Routed, all: Routed[]) => turnOf(one, all)?.words ?? null;

test('the order is that of routing: what can send, then priority, then weight; what is off comes last', () => {
  const all = [
    account('off', 0, { enabled: false }),
    account('second', 1),
    account('paused', 0, { routing: paused }),
    account('light', 0, { weight: 30 }),
    account('heavy', 0, { weight: 70 }),
  ];
  expect(inOrder(all).map(({ name }) => name)).toEqual(['heavy', 'light', 'second', 'paused', 'off']);
});

test('each says what it does among the others', () => {
  const [mailgun, postmark, smtp] = [account('Mailgun', 0), account('Postmark', 1), account('SMTP', 2)];
  const all = [mailgun, postmark, smtp];
  expect(words(mailgun, all)).toBe('Goes first');
  expect(words(postmark, all)).toBe('Steps in when Mailgun cannot send');
  expect(words(smtp, all)).toBe('Steps in when Postmark cannot send');
});

test('equals share by weight', () => {
  const [one, other, rest] = [account('A', 0, { weight: 70 }), account('B', 0, { weight: 30 }), account('C', 5)];
  const all = [one, other, rest];
  expect(words(one, all)).toBe('Share 70\u00a0%');
  expect(words(other, all)).toBe('Share 30\u00a0%');
  expect(words(rest, all)).toBe('Steps in when A and B cannot send');
});

test('one that cannot send is left out, and the next goes first', () => {
  const [one, other] = [account('A', 0, { routing: paused }), account('B', 1)];
  expect(turnOf(one, [one, other])).toEqual({ words: 'Left out for now', tone: 'warn' });
  expect(words(other, [one, other])).toBe('Goes first');
  expect(hindrance(one)).toBe('Not used now: the provider asked to wait');
  expect(hindrance(other)).toBeNull();
});

test('when none can send, messages wait at the one that would go first', () => {
  const [one, other] = [account('A', 0, { routing: paused }), account('B', 1, { routing: paused })];
  expect(turnOf(one, [one, other])).toEqual({ words: 'Messages wait for it', tone: 'warn' });
  expect(words(other, [one, other])).toBe('Steps in when A cannot send');
  expect(words(one, [one])).toBe('Messages wait for it');
});

test('an account alone needs no words, nor do those of another channel count', () => {
  const [email, sms] = [account('A', 0), account('S', 0, { channel: 'sms' as Routed['channel'] })];
  expect(words(email, [email, sms])).toBeNull();
  expect(words(account('off', 0, { enabled: false }), [email])).toBeNull();
});
