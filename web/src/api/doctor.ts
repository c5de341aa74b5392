// What the doctor finds, and the keys that sign mail.

import { get, post, remove } from './client';
import type { Answer } from './operations';
import type { components } from './schema';

export type DoctorReport = Answer<'/v1/doctor', 'post'>;
export type DoctorCheck = DoctorReport['checks'][number];
export type Dkim = Answer<'/v1/channel-accounts/{id}/dkim', 'get'>;
export type DkimRecord = Dkim['records'][number];
export type NewDkim = components['schemas']['NewDkim'];

export const doctor = {
  run: () => post('/v1/doctor', { body: {} }),
};

export const dkim = {
  of: (id: string) => get('/v1/channel-accounts/{id}/dkim', { path: { id } }),
  add: (id: string, body: NewDkim) => post('/v1/channel-accounts/{id}/dkim', { path: { id }, body }),
  remove: (id: string, selector: string) => remove('/v1/channel-accounts/{id}/dkim/{selector}', { path: { id, selector } }),
};
