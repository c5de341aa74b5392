// The calls of the inbox beside those for conversations and messages themselves.

import { get, patch, post, put, remove } from './client';
import type * as i from './inbox';
import type { Note, Page, TimelineItem } from './types';

const at = (id: string) => ({ path: { id } });

export const inbox = {
  timeline: (id: string, query: { limit?: number; cursor?: string } = {}) =>
    get('/v1/conversations/{id}/timeline', { ...at(id), query }) as Promise<Page<TimelineItem>>,
  change: (id: string, body: i.ConversationChange) => patch('/v1/conversations/{id}', { ...at(id), body }),
  bulk: (ids: string[], change: i.ConversationChange) => post('/v1/conversations/bulk', { body: { ids, change } }),
  markUnread: (id: string) => post('/v1/conversations/{id}/unread', at(id)),
  merge: (id: string, into: string) => post('/v1/conversations/{id}/merge', { ...at(id), body: { into } }),
  split: (id: string, message_ids: string[], subject?: string) =>
    post('/v1/conversations/{id}/split', { ...at(id), body: { message_ids, subject } }),
  move: (id: string, message_ids: string[], into: string) =>
    post('/v1/conversations/{id}/move', { ...at(id), body: { message_ids, into } }),
  undo: (id: string) => post('/v1/rearrangements/{id}/undo', at(id)),
  presence: (id: string, doing: i.Doing, leaving = false) =>
    post('/v1/conversations/{id}/presence', { ...at(id), body: { doing } }, undefined, leaving),
  search: (query: { q: string; limit?: number; cursor?: string }) => get('/v1/search', { query }),
};

export const notes = {
  add: (id: string, body: { text: string; mentions?: string[]; attachments?: { upload_id: string }[] }, key: string): Promise<Note> =>
    post('/v1/conversations/{id}/notes', { ...at(id), body }, key),
  change: (id: string, text: string) => patch('/v1/notes/{id}', { ...at(id), body: { text } }),
  remove: (id: string) => remove('/v1/notes/{id}', at(id)),
};

export const drafts = {
  list: (conversation?: string) => get('/v1/drafts', { query: { conversation } }),
  add: (body: { conversation_id?: string; kind: i.DraftKind; content: i.DraftContent }, leaving = false) =>
    post('/v1/drafts', { body }, undefined, leaving),
  save: (id: string, content: i.DraftContent, if_updated_at?: string, leaving = false) =>
    put('/v1/drafts/{id}', { ...at(id), body: { content, if_updated_at } }, leaving),
  remove: (id: string) => remove('/v1/drafts/{id}', at(id)),
};
