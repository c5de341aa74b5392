import { expect, test } from 'vitest';
import { markOf, toldState, wordOf } from './states';

test('a message that waits for its next attempt is told apart from a new one', () => {
  expect(toldState({ state: 'queued', state_reason: null })).toBe('queued');
  expect(toldState({ state: 'queued', state_reason: { code: 'retrying', detail: 'Connection refused' } })).toBe('deferred');
  expect(toldState({ state: 'queued', state_reason: { code: 'rerouted', detail: 'goes on through Postmark' } })).toBe('deferred');
  expect(toldState({ state: 'failed', state_reason: { code: 'retrying', detail: '' } })).toBe('failed');
});

test('a state that this page does not know is shown as it is', () => {
  expect(markOf('teleported').word).toBe('teleported');
});

test('a blocked message says why where there is something to do about it', () => {
  expect(wordOf('blocked', 'suppressed')).toBe('Blocked: suppressed');
  expect(wordOf('blocked', 'policy')).toBe('Blocked');
  expect(wordOf('sent', 'suppressed')).toBe('Sent');
});
