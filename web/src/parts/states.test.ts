import { expect, test } from 'vitest';
import { markOf, toldState } from './states';

test('a message that waits for its next attempt is told apart from a new one', () => {
  expect(toldState({ state: 'queued', state_reason: null })).toBe('queued');
  expect(toldState({ state: 'queued', state_reason: { code: 'retrying', detail: 'Connection refused' } })).toBe('deferred');
  expect(toldState({ state: 'failed', state_reason: { code: 'retrying', detail: '' } })).toBe('failed');
});

test('a state that this page does not know is shown as it is', () => {
  expect(markOf('teleported').word).toBe('teleported');
});
