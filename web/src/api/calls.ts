// The calls the dashboard makes, by name. Pages use these, never paths.

import { get, getText, patch, post, remove } from './client';
import type { Input, QueryOf } from './operations';
import type * as t from './types';

export type ConversationQuery = QueryOf<'/v1/conversations'>;

type ProviderList = { data: t.Provider[] };

export const me = () => get('/v1/me');
export const checklist = () => get('/v1/checklist');

export const conversations = {
  list: (query: ConversationQuery) => get('/v1/conversations', { query }),
  counts: () => get('/v1/conversations/counts'),
  one: (id: string) => get('/v1/conversations/{id}', { path: { id } }),
  markRead: (id: string) => post('/v1/conversations/{id}/read', { path: { id } }),
  decideTray: (id: string, belongs: boolean) =>
    post('/v1/conversations/{id}/tray-decision', { path: { id }, body: { belongs } }),
};

export const messages = {
  list: (query: QueryOf<'/v1/messages'>) => get('/v1/messages', { query }),
  one: (id: string) => get('/v1/messages/{id}', { path: { id } }),
  send: (body: t.NewMessage, idempotencyKey: string) => post('/v1/messages', { body }, idempotencyKey),
  cancel: (id: string) => post('/v1/messages/{id}/cancellation', { path: { id } }),
  retry: (id: string) => post('/v1/messages/{id}/retry', { path: { id } }),
  resolve: (id: string, decision: t.Decision) =>
    post('/v1/messages/{id}/resolution', { path: { id }, body: { decision } }),
  resolveMany: (ids: string[], decision: t.Decision) => post('/v1/message-resolutions', { body: { ids, decision } }),
};

export const channels = {
  // The description leaves settings and their schemas open.
  providers: () => get('/v1/providers') as Promise<ProviderList>,
  list: () => get('/v1/channel-accounts') as Promise<t.Page<t.ChannelAccount>>,
  one: (id: string) => get('/v1/channel-accounts/{id}', { path: { id } }) as Promise<t.ChannelAccount>,
  add: (body: t.ChannelAccountDraft) => post('/v1/channel-accounts', { body }) as Promise<t.ChannelAccount>,
  change: (id: string, body: t.ChannelAccountChange) =>
    patch('/v1/channel-accounts/{id}', { path: { id }, body }) as Promise<t.ChannelAccount>,
  remove: (id: string) => remove('/v1/channel-accounts/{id}', { path: { id } }),
  check: (id: string) => post('/v1/channel-accounts/{id}/check', { path: { id } }),
  routes: () => get('/v1/inbound-routes'),
  addRoute: (body: Body<'/v1/inbound-routes', 'post'>) => post('/v1/inbound-routes', { body }),
  removeRoute: (id: string) => remove('/v1/inbound-routes/{id}', { path: { id } }),
};

export const journal = {
  list: (query: QueryOf<'/v1/journal'>) => get('/v1/journal', { query }),
  one: (id: string) => get('/v1/journal/{id}', { path: { id } }),
  raw: (id: string) => getText('/v1/journal/{id}/raw', { path: { id } }),
  replay: (id: string) => post('/v1/journal/{id}/replay', { path: { id } }),
};

export const audit = {
  list: (query: QueryOf<'/v1/audit'>) => get('/v1/audit', { query }),
  verify: () => get('/v1/audit/verification'),
};

export const users = {
  list: () => get('/v1/users', { query: { limit: 200 } }),
  add: (body: Body<'/v1/users', 'post'>) => post('/v1/users', { body }),
  change: (id: string, body: Body<'/v1/users/{id}', 'patch'>) => patch('/v1/users/{id}', { path: { id }, body }),
};

export const keys = {
  list: () => get('/v1/api-keys', { query: { limit: 200 } }),
  add: (body: Body<'/v1/api-keys', 'post'>) => post('/v1/api-keys', { body }),
  revoke: (id: string) => remove('/v1/api-keys/{id}', { path: { id } }),
};

type Body<P extends Parameters<typeof post>[0] | Parameters<typeof patch>[0], V extends 'post' | 'patch'> =
  Input<P, V> extends { body: infer Sent } ? Sent : never;
