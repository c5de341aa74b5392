// What a team shares at the desk: teams, tags, canned responses, saved views, settings; and what each is notified of.

import { get, patch, post, remove } from './client';
import type { Input, QueryOf } from './operations';

type Sent<P extends Parameters<typeof post>[0] | Parameters<typeof patch>[0], V extends 'post' | 'patch'> =
  Input<P, V> extends { body: infer Body } ? Body : never;

const at = (id: string) => ({ path: { id } });

export const teams = {
  list: () => get('/v1/teams'),
  add: (body: Sent<'/v1/teams', 'post'>) => post('/v1/teams', { body }),
  change: (id: string, body: Sent<'/v1/teams/{id}', 'patch'>) => patch('/v1/teams/{id}', { ...at(id), body }),
  remove: (id: string) => remove('/v1/teams/{id}', at(id)),
};

export const tags = {
  list: () => get('/v1/tags'),
  add: (body: Sent<'/v1/tags', 'post'>) => post('/v1/tags', { body }),
  change: (id: string, body: Sent<'/v1/tags/{id}', 'patch'>) => patch('/v1/tags/{id}', { ...at(id), body }),
  remove: (id: string) => remove('/v1/tags/{id}', at(id)),
};

export const cannedResponses = {
  list: (q = '') => get('/v1/canned-responses', { query: { q, limit: 200 } }),
  add: (body: Sent<'/v1/canned-responses', 'post'>) => post('/v1/canned-responses', { body }),
  change: (id: string, body: Sent<'/v1/canned-responses/{id}', 'patch'>) =>
    patch('/v1/canned-responses/{id}', { ...at(id), body }),
  remove: (id: string) => remove('/v1/canned-responses/{id}', at(id)),
  render: (id: string, conversation_id: string) =>
    post('/v1/canned-responses/{id}/render', { ...at(id), body: { conversation_id } }),
};

export const savedViews = {
  list: () => get('/v1/views'),
  add: (body: Sent<'/v1/views', 'post'>) => post('/v1/views', { body }),
  change: (id: string, body: Sent<'/v1/views/{id}', 'patch'>) => patch('/v1/views/{id}', { ...at(id), body }),
  remove: (id: string) => remove('/v1/views/{id}', at(id)),
};

export const houseSettings = {
  read: () => get('/v1/settings'),
  change: (body: Sent<'/v1/settings', 'patch'>) => patch('/v1/settings', { body }),
};

export const notifications = {
  list: (query: QueryOf<'/v1/notifications'>) => get('/v1/notifications', { query }),
  count: () => get('/v1/notifications/count'),
  read: (body: Sent<'/v1/notifications/read', 'post'>) => post('/v1/notifications/read', { body }),
};
