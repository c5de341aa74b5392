import { expect, test } from 'vitest';
import type { Webhook, WebhookReplay } from '../api/webhooks';
import { answer, deliveryMark, headerLines, healthOf, lasted, overlap, pretty, replayLine, since } from './words';

const now = new Date('2026-11-20T12:00:00Z');
const webhook: Webhook = {
  id: 'whk_1',
  url: 'https://example.com/hooks',
  description: '',
  events: ['*'],
  enabled: true,
  state: 'ok',
  disabled_reason: null,
  first_failed_at: null,
  last_delivered_at: '2026-11-20T11:00:00Z',
  last_error: null,
  secrets: [],
  created_at: '2026-11-01T00:00:00Z',
  updated_at: '2026-11-01T00:00:00Z',
};

test('health in words', () => {
  expect(healthOf(webhook).word).toBe('Working');
  expect(healthOf({ ...webhook, last_delivered_at: null }).word).toBe('No event delivered yet');
  const failing: Webhook = { ...webhook, state: 'failing', first_failed_at: '2026-11-18T09:00:00Z' };
  expect(`${healthOf(failing).word} ${since(failing, now)}`).toBe('Failing since 18 Nov');
  expect(healthOf({ ...webhook, state: 'disabled', enabled: false }).word).toBe('Switched off');
});

test('the answer to a delivery', () => {
  expect(answer({ last_status: 200, last_error: null })).toBe('200');
  expect(answer({ last_status: 500, last_error: 'Internal Server Error' })).toBe('500: Internal Server Error');
  expect(answer({ last_status: 500, last_error: 'the answer was 500' })).toBe('the answer was 500');
  expect(answer({ last_status: null, last_error: 'No answer within 15 seconds' })).toBe('No answer within 15 seconds');
  expect([lasted(850), lasted(12_300)]).toEqual(['850 ms', '12.3 s']);
});

test('waiting after a failed attempt is trying again', () => {
  expect(deliveryMark({ state: 'waiting', attempts: 0, last_error: null }).word).toBe('Waiting');
  expect(deliveryMark({ state: 'waiting', attempts: 2, last_error: 'the answer was 500' }).word).toBe('Trying again');
  expect(deliveryMark({ state: 'delivered', attempts: 3, last_error: null }).word).toBe('Delivered');
});

test('bodies and headers as people read them', () => {
  expect(pretty('{"a":1}')).toBe('{\n  "a": 1\n}');
  expect(pretty('<html>')).toBe('<html>');
  expect(headerLines([['content-type', 'text/plain'], ['x', '1']])).toBe('content-type: text/plain\nx: 1');
});

test('until when the old secret signs as well', () => {
  const secrets = [
    { id: 'a', created_at: '2026-11-20T11:00:00Z', expires_at: null },
    { id: 'b', created_at: '2026-11-01T00:00:00Z', expires_at: '2026-11-21T11:00:00Z' },
  ];
  expect(overlap({ ...webhook, secrets }, now)).toBe('2026-11-21T11:00:00Z');
  expect(overlap({ ...webhook, secrets }, new Date('2026-11-22T00:00:00Z'))).toBe('');
});

test('a replay tells how far it is, and is forgotten after a while', () => {
  const replay: WebhookReplay = {
    id: 'whr_1',
    webhook_id: 'whk_1',
    state: 'running',
    since: '2026-11-19T00:00:00Z',
    only_failed: true,
    total: 5_000,
    done: 1_200,
    replayed: 7,
    reason: null,
    created_at: '2026-11-20T11:59:00Z',
    updated_at: '2026-11-20T11:59:30Z',
  };
  expect(replayLine(replay, now)).toBe('Replaying: looked at 1,200 of 5,000 events, 7 events delivered again so far');
  const done: WebhookReplay = { ...replay, state: 'done', done: 5_000, replayed: 1 };
  expect(replayLine(done, now)).toBe('Replayed: 1 event delivered again. The log shows what arrived.');
  expect(replayLine({ ...done, replayed: 0 }, now)).toBe('Replayed: nothing to deliver again. The log shows what arrived.');
  expect(replayLine(done, new Date('2026-11-20T12:30:00Z'))).toBe('');
  const cancelled: WebhookReplay = { ...replay, state: 'cancelled', reason: 'The webhook was switched off.' };
  expect(replayLine(cancelled, now)).toBe('The replay was given up, 7 events delivered again. The webhook was switched off.');
});
