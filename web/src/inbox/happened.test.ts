import { expect, test } from 'vitest';
import type { MessageEvent } from '../api/types';
import { evidence, happened, isSuppressed, vendorWords } from './happened';

const event = (kind: string, more: Partial<MessageEvent> = {}) =>
  ({ at: '2026-11-20T12:00:00Z', kind, code: null, detail: '', recipient: null, machine: null, source: 'mailgun', ...more }) as MessageEvent;

test('moves to another account and rules are told in words', () => {
  expect(happened(event('rerouted'))).toMatchObject({ words: 'Goes on through another account', tone: 'warn' });
  expect(happened(event('blocked', { code: 'suppressed' }))).toMatchObject({ words: 'Stopped by a rule', tone: 'bad' });
  const forbidden = event('blocked', { code: 'hard_bounce', recipient: 'jane@example.com', detail: 'It bounced' });
  expect(happened(forbidden).words).toBe('Not sent to jane@example.com: suppressed');
  expect(evidence(forbidden)).toBe('It bounced');
  expect(happened({ ...forbidden, code: 'quiet_hours' }).words).toBe('Not sent to jane@example.com: quiet hours');
  expect(evidence({ ...forbidden, code: 'quiet_hours' })).toBe('quiet_hours It bounced');
});

test('what a machine opened is no sign of a person', () => {
  expect(happened(event('opened', { code: 'machine' }))).toMatchObject({ words: 'Opened by a machine', hint: expect.stringContaining('no sign') });
  expect(happened(event('clicked', { machine: true })).words).toBe('Link clicked by a machine');
  expect(happened(event('opened', { machine: false, recipient: 'jane@example.com' }))).toMatchObject({ words: 'Opened by jane@example.com', hint: null });
  expect(happened(event('clicked')).words).toBe('Link clicked');
});

test('any other event is its own word, with the recipient it is about', () => {
  expect(happened(event('delivered', { recipient: 'jane@example.com' })).words).toBe('Delivered for jane@example.com');
  expect(happened(event('teleported')).words).toBe('Teleported');
});

test('suppressed is one reason of several to be blocked', () => {
  expect(isSuppressed({ state: 'blocked', state_reason: { code: 'suppressed', detail: '' } })).toBe(true);
  expect(isSuppressed({ state: 'blocked', state_reason: { code: 'policy', detail: '' } })).toBe(false);
  expect(isSuppressed({ state: 'failed', state_reason: { code: 'suppressed', detail: '' } })).toBe(false);
});

test('a code that the words repeat is said once', () => {
  expect(vendorWords('250 2.0.0', '2.0.0 Ok: queued')).toBe('250 2.0.0 Ok: queued');
  expect(vendorWords('550 5.1.1', 'No such user')).toBe('550 5.1.1 No such user');
  expect(vendorWords(null, 'Connection refused')).toBe('Connection refused');
  expect(vendorWords('429', '')).toBe('429');
});
