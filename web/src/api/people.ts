// Contacts: list, profile, merge, import and export.

import { addressOf, get, patch, post } from './client';
import type { QueryOf } from './operations';
import type * as t from './types';
import { upload } from './upload';

export type ContactQuery = QueryOf<'/v1/contacts'>;
type Paging = { limit?: number; cursor?: string };

const at = (id: string) => ({ path: { id } });

/** When filters leave very many, a page may hold none and still have more behind it. */
async function list(query: ContactQuery): Promise<t.Page<t.Contact>> {
  let page = await get('/v1/contacts', { query });
  for (let turn = 0; turn < 20 && page.data.length === 0 && page.next_cursor; turn++) {
    page = await get('/v1/contacts', { query: { ...query, cursor: page.next_cursor } });
  }
  return page;
}

export const people = {
  list,
  one: (id: string) => get('/v1/contacts/{id}', at(id)),
  add: (body: { name: string; identities: t.Contact['identities'] }) => post('/v1/contacts', { body }),
  change: (id: string, body: t.ContactChange) => patch('/v1/contacts/{id}', { ...at(id), body }),
  conversations: (id: string, query: Paging) => get('/v1/contacts/{id}/conversations', { ...at(id), query }),
  timeline: (id: string, query: Paging) =>
    get('/v1/contacts/{id}/timeline', { ...at(id), query }) as Promise<t.Page<t.ContactTimelineItem>>,
  duplicates: (id: string) => get('/v1/contacts/{id}/duplicates', at(id)),
  merge: (id: string, into: string) => post('/v1/contacts/{id}/merge', { ...at(id), body: { into } }),
  undoMerge: (rearrangement: string) => post('/v1/rearrangements/{id}/undo', at(rearrangement)),
  /** Addresses of files, for links. */
  exportOf: (id: string) => addressOf('/v1/contacts/{id}/export', at(id)),
  exported: (format: t.ImportFormat, query: ContactQuery) => addressOf('/v1/contacts/export', { query: { format, ...query } }),
};

type ImportRequest = { upload_id: string; mapping: Record<string, string>; existing: 'update' | 'skip' };

export const imports = {
  upload: (file: File) => upload(file, file.name, () => {}).done,
  preview: (upload_id: string, format: t.ImportFormat) => post('/v1/contact-imports/preview', { body: { upload_id, format } }),
  start: (format: t.ImportFormat, dry_run: boolean, body: ImportRequest) =>
    post('/v1/contact-imports', { query: { format, dry_run }, body }),
  one: (id: string) => get('/v1/contact-imports/{id}', at(id)),
  /** Address of the refused rows as a file, each with its reason. */
  refused: (id: string) => addressOf('/v1/contact-imports/{id}/refused', at(id)),
};
