// Suppression: the addresses that are not written to, and why.

import { addressOf, get, post, remove } from './client';
import type { Answer, Input, QueryOf } from './operations';

export type Suppression = Answer<'/v1/suppressions', 'get'>['data'][number];
export type SuppressionReason = Suppression['reason'];
export type SuppressionQuery = QueryOf<'/v1/suppressions'>;
export type SuppressionCheck = Answer<'/v1/suppressions/check', 'get'>;
export type SuppressionImport = Answer<'/v1/suppressions/import', 'post'>;
type NewSuppression = Input<'/v1/suppressions', 'post'> extends { body: infer Body } ? Body : never;

export const suppressions = {
  list: (query: SuppressionQuery) => get('/v1/suppressions', { query }),
  check: (address: string, channel: Suppression['channel'] = 'email') => get('/v1/suppressions/check', { query: { channel, address } }),
  add: (body: NewSuppression) => post('/v1/suppressions', { body }),
  remove: (id: string, reason: string) => remove('/v1/suppressions/{id}', { path: { id }, body: { reason } }),
  import: (csv: string, dry_run: boolean) => post('/v1/suppressions/import', { body: { csv, dry_run } }),
  /** Address of the file, for a link. */
  exported: (query: SuppressionQuery) => addressOf('/v1/suppressions/export', { query }),
};
