// The calls the dashboard makes, by name. Pages use these, never paths.

import { get, getText, patch, post, remove, type Query } from './client';
import type * as t from './types';

export const me = () => get<t.Me>('/me');
export const checklist = () => get<{ data: t.ChecklistStep[] }>('/checklist');

export const conversations = {
  list: (query: Query) => get<t.Page<t.Conversation>>('/conversations', query),
  counts: () => get<t.ConversationCounts>('/conversations/counts'),
  one: (id: string) => get<t.Conversation>(`/conversations/${id}`),
  change: (id: string, change: { state?: t.ConversationState; assignee_id?: string | null }) =>
    patch<t.Conversation>(`/conversations/${id}`, change),
  markRead: (id: string) => post<void>(`/conversations/${id}/read`),
  messages: (id: string, query: Query = {}) => get<t.Page<t.Message>>(`/conversations/${id}/messages`, query),
  decideTray: (id: string, belongs: boolean) =>
    post<t.Conversation | undefined>(`/conversations/${id}/tray-decision`, { belongs }),
};

export const messages = {
  list: (query: Query) => get<t.Page<t.Message>>('/messages', query),
  one: (id: string) => get<t.MessageDetail>(`/messages/${id}`),
  send: (message: t.NewMessage, idempotencyKey: string) => post<t.Accepted>('/messages', message, idempotencyKey),
  raw: (id: string) => getText(`/messages/${id}/raw`),
  cancel: (id: string) => post<t.Message>(`/messages/${id}/cancellation`),
  retry: (id: string) => post<unknown>(`/messages/${id}/retry`),
  resolve: (id: string, decision: t.Decision) => post<unknown>(`/messages/${id}/resolution`, { decision }),
  resolveMany: (ids: string[], decision: t.Decision) =>
    post<{ resolved: number; skipped: unknown[] }>('/message-resolutions', { ids, decision }),
};

export const contacts = {
  list: (query: Query) => get<t.Page<t.Contact>>('/contacts', query),
  one: (id: string) => get<t.Contact>(`/contacts/${id}`),
  rename: (id: string, name: string) => patch<t.Contact>(`/contacts/${id}`, { name }),
};

export const channels = {
  providers: () => get<{ data: t.Provider[] }>('/providers'),
  list: () => get<t.Page<t.ChannelAccount>>('/channel-accounts', { limit: 200 }),
  one: (id: string) => get<t.ChannelAccount>(`/channel-accounts/${id}`),
  add: (draft: t.ChannelAccountDraft) => post<t.ChannelAccount>('/channel-accounts', draft),
  change: (id: string, draft: t.ChannelAccountDraft) => patch<t.ChannelAccount>(`/channel-accounts/${id}`, draft),
  remove: (id: string) => remove(`/channel-accounts/${id}`),
  check: (id: string) => post<t.CheckResult>(`/channel-accounts/${id}/check`),
  routes: () => get<t.Page<t.InboundRoute>>('/inbound-routes', { limit: 200 }),
  addRoute: (route: { address: string; account_id?: string }) => post<t.InboundRoute>('/inbound-routes', route),
  removeRoute: (id: string) => remove(`/inbound-routes/${id}`),
};

export const journal = {
  list: (query: Query) => get<t.Page<t.JournalEntry>>('/journal', query),
  one: (id: string) => get<t.JournalEntry>(`/journal/${id}`),
  raw: (id: string) => getText(`/journal/${id}/raw`),
  replay: (id: string) => post<unknown>(`/journal/${id}/replay`),
};

export const audit = {
  list: (query: Query) => get<t.Page<t.AuditEntry>>('/audit', query),
  verify: () => get<t.Verification>('/audit/verification'),
};

export const users = {
  list: () => get<t.Page<t.User>>('/users', { limit: 200 }),
  add: (user: { name: string; email: string; password: string; role: t.Role }) => post<t.User>('/users', user),
  change: (id: string, change: Partial<{ name: string; role: t.Role; disabled: boolean; password: string }>) =>
    patch<t.User>(`/users/${id}`, change),
};

export const keys = {
  list: () => get<t.Page<t.ApiKey>>('/api-keys', { limit: 200 }),
  add: (key: { name: string; scopes: string[] }) => post<t.NewApiKey>('/api-keys', key),
  revoke: (id: string) => remove(`/api-keys/${id}`),
};
