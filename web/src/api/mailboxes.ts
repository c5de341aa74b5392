// Mailboxes that are read by IMAP.

import { get, patch, post, remove } from './client';
import type * as t from './types';

const at = (id: string) => ({ path: { id } });

export const mailboxes = {
  list: () => get('/v1/mailboxes'),
  one: (id: string) => get('/v1/mailboxes/{id}', at(id)),
  add: (body: t.NewMailbox) => post('/v1/mailboxes', { body }),
  change: (id: string, body: Partial<t.NewMailbox>) => patch('/v1/mailboxes/{id}', { ...at(id), body }),
  remove: (id: string) => remove('/v1/mailboxes/{id}', at(id)),
  check: (id: string) => post('/v1/mailboxes/{id}/check', at(id)),
  /** `from_the_beginning`: also mail that was there before the mailbox was added here. */
  checkMissing: (id: string, from_the_beginning: boolean) =>
    post('/v1/mailboxes/{id}/missing-mail-check', { ...at(id), body: { from_the_beginning } }),
};
