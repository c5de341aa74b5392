import { expect, test } from 'vitest';
import type { Message } from '../api/types';
import { documentOf } from './document';
import { linked } from './links';
import { mergeFirstPage, mergeMessages } from './merge';
import { split } from './quotes';
import { arrange } from './timeline';

const row = (id: string, minute: number) => ({ id, last_activity_at: `2026-11-20T10:${String(minute).padStart(2, '0')}:00.000000Z` });
const ids = (rows: { id: string }[]) => rows.map((one) => one.id).join('');

test('a fresh first page moves what is newer up, and keeps deeper pages', () => {
  const rows = [row('a', 50), row('b', 40), row('c', 30), row('d', 20), row('e', 10)];
  expect(ids(mergeFirstPage(rows, [row('d', 55), row('a', 50), row('b', 40)], false))).toBe('dabce');
});

test('what the fresh page covers in time but does not name has left the view', () => {
  const rows = [row('a', 50), row('b', 40), row('c', 30), row('d', 20)];
  expect(ids(mergeFirstPage(rows, [row('a', 50), row('c', 30)], false))).toBe('acd');
  expect(ids(mergeFirstPage(rows, [row('a', 50)], true))).toBe('a');
  expect(ids(mergeFirstPage(rows, [], true))).toBe('');
});

const message = (id: string, at: string, more: Partial<Message> = {}) =>
  ({ id, created_at: at, direction: 'inbound', channel: 'email', from: { name: null, address: 'jane@example.com' }, author: null, attachments: [], ...more }) as Message;

test('messages merge by id, oldest first, the fresh one wins', () => {
  const merged = mergeMessages([message('b', '2026-11-20T10:01:00Z')], [
    message('b', '2026-11-20T10:01:00Z', { state: 'sent' }),
    message('a', '2026-11-20T10:00:00Z'),
  ]);
  expect(ids(merged)).toBe('ab');
  expect(merged[1]?.state).toBe('sent');
});

test('a timeline has a line per day, and one head per run of a sender', () => {
  const parts = arrange([
    message('a', '2026-11-19T12:00:00Z'),
    message('b', '2026-11-20T12:00:00Z'),
    message('c', '2026-11-20T12:05:00Z'),
    message('d', '2026-11-20T12:06:00Z', { direction: 'outbound' }),
    message('e', '2026-11-20T12:07:00Z'),
    message('f', '2026-11-20T15:00:00Z'),
  ]);
  expect(parts.map((part) => (part.kind === 'day' ? '|' : part.first ? part.key.toUpperCase() : part.key)).join('')).toBe('|A|BcDEF');
});

test('the quoted part is taken out once, and never leaves nothing', () => {
  expect(split('Yes.\n\n> old', '> old')).toEqual({ said: 'Yes.', quoted: '> old' });
  expect(split('Yes.', '> old')).toEqual({ said: 'Yes.', quoted: '> old' });
  expect(split('> old', '> old')).toEqual({ said: '> old', quoted: null });
  expect(split('Yes.', null)).toEqual({ said: 'Yes.', quoted: null });
});

test('only web addresses become links, without the sentence’s full stop', () => {
  expect(linked('See https://example.com/a?b=1. Or javascript:alert(1)')).toEqual([
    { text: 'See ', href: null },
    { text: 'https://example.com/a?b=1', href: 'https://example.com/a?b=1' },
    { text: '. Or javascript:alert(1)', href: null },
  ]);
});

const look = { origin: 'https://chancery.example.com', remoteImages: false, dark: false };
const policyOf = (page: string) => /Content-Security-Policy" content="([^"]+)"/.exec(page)?.[1] ?? '';

test('a message frame runs nothing and loads nothing from elsewhere until asked', () => {
  const policy = policyOf(documentOf({ id: 'msg_1', html: '<p>x</p>', attachments: [] }, look));
  expect(policy).toContain("default-src 'none'");
  expect(policy).not.toContain('script-src');
  expect(policy).not.toMatch(/https:(?!\/\/chancery)/);
  expect(policyOf(documentOf({ id: 'msg_1', html: '', attachments: [] }, { ...look, remoteImages: true }))).toMatch(/ https: http:;/);
});

test('an inline image is found by its content id', () => {
  const attachments = [{ id: 'att_1', content_id: '<pic@1>', url: '/v1/messages/msg_1/attachments/att_1' }] as Message['attachments'];
  const page = documentOf({ id: 'msg_1', html: '<img src="cid:pic%401"><img src="cid:gone">', attachments }, look);
  expect(page).toContain('src="https://chancery.example.com/v1/messages/msg_1/attachments/att_1"');
  expect(page).toContain('cid:gone');
});

test('mail with colours of its own keeps its white paper in the dark', () => {
  const dark = { ...look, dark: true };
  expect(documentOf({ id: 'm', html: '<p style="color:#000">x</p>', attachments: [] }, dark)).toContain('color-scheme: light');
  expect(documentOf({ id: 'm', html: '<p>x</p>', attachments: [] }, dark)).toContain('color-scheme: dark');
});
