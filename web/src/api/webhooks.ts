// Webhooks: the addresses that are told what happens here, and the log of what they were told.

import { get, patch, post, remove } from './client';
import type { Answer, Input, QueryOf } from './operations';
import type { components } from './schema';

export type Webhook = Answer<'/v1/webhooks/{id}', 'get'>;
export type NewWebhook = Sent<'/v1/webhooks', 'post'>;
export type WebhookChange = Sent<'/v1/webhooks/{id}', 'patch'>;
export type WebhookDelivery = Answer<'/v1/webhooks/{id}/deliveries', 'get'>['data'][number];
export type WebhookDeliveryDetail = Answer<'/v1/webhook-deliveries/{id}', 'get'>;
export type WebhookAttempt = WebhookDeliveryDetail['attempts_made'][number];
export type WebhookReplay = Answer<'/v1/webhook-replays/{id}', 'get'>;
export type LogQuery = QueryOf<'/v1/webhooks/{id}/deliveries'>;
export type EventType = components['schemas']['FeedType'];

type Sent<P extends Parameters<typeof post>[0] | Parameters<typeof patch>[0], V extends 'post' | 'patch'> =
  Input<P, V> extends { body: infer Body } ? Body : never;

const at = (id: string) => ({ path: { id } });

export const webhooks = {
  list: () => get('/v1/webhooks'),
  one: (id: string) => get('/v1/webhooks/{id}', at(id)),
  add: (body: NewWebhook) => post('/v1/webhooks', { body }),
  change: (id: string, body: WebhookChange) => patch('/v1/webhooks/{id}', { ...at(id), body }),
  remove: (id: string) => remove('/v1/webhooks/{id}', at(id)),
  rotate: (id: string, overlap_hours: number) => post('/v1/webhooks/{id}/rotate-secret', { ...at(id), body: { overlap_hours } }),
  test: (id: string) => post('/v1/webhooks/{id}/test', at(id)),
  replaySince: (id: string, since: string, only_failed: boolean) =>
    post('/v1/webhooks/{id}/replay', { ...at(id), body: { since, only_failed } }),
  replays: (id: string) => get('/v1/webhooks/{id}/replays', { ...at(id), query: { limit: 1 } }),
  log: (id: string, query: LogQuery) => get('/v1/webhooks/{id}/deliveries', { ...at(id), query }),
  delivery: (id: string) => get('/v1/webhook-deliveries/{id}', at(id)),
  replay: (id: string) => post('/v1/webhook-deliveries/{id}/replay', at(id)),
};
