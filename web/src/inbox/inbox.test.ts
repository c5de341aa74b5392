import { expect, test } from 'vitest';
import type { Activity, Message, Note, TimelineItem } from '../api/types';
import { documentOf } from './document';
import { linked } from './links';
import { mergeFirstPage, mergeItems, mergeNewest } from './merge';
import { split } from './quotes';
import { arrange, idOf } from './timeline';

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

const message = (id: string, at: string, more: Partial<Message> = {}): TimelineItem => ({
  type: 'message',
  message: {
    ...{ id, created_at: at, direction: 'inbound', channel: 'email', from: { name: null, address: 'jane@example.com' } },
    ...{ author: null, attachments: [], ...more },
  } as unknown as Message,
});
const note = (id: string, at: string): TimelineItem => ({ type: 'note', note: { id, at } as Note });
const activity = (id: string, at: string, more: Partial<Activity> = {}): TimelineItem => ({
  type: 'activity',
  activity: { id, at, actor: { kind: 'user', id: 'usr_1', name: 'Kim' }, sentence: '', rearrangement_id: null, ...more } as Activity,
});
const named = (items: TimelineItem[]) => items.map(idOf).join('');

test('a timeline merges by id, oldest first, the fresh one wins', () => {
  const merged = mergeItems([message('b', '2026-11-20T10:01:00Z')], [
    message('b', '2026-11-20T10:01:00Z', { state: 'sent' }),
    note('n', '2026-11-20T10:00:30Z'),
    message('a', '2026-11-20T10:00:00Z'),
  ]);
  expect(named(merged)).toBe('anb');
  expect(merged[2]?.type === 'message' && merged[2].message.state).toBe('sent');
});

test('a fresh newest page also takes away what is gone, but not what is older than it', () => {
  const before = [message('a', '2026-11-20T10:00:00Z'), message('b', '2026-11-20T10:01:00Z'), note('n', '2026-11-20T10:02:00Z')];
  expect(named(mergeNewest(before, [message('b', '2026-11-20T10:01:00Z')], false))).toBe('ab');
  expect(named(mergeNewest(before, [message('b', '2026-11-20T10:01:00Z')], true))).toBe('b');
});

const drawn = (items: TimelineItem[]) =>
  arrange(items)
    .map((part) => {
      if (part.kind === 'day') return '|';
      if (part.kind === 'activity') return `(${part.activities.map(({ id }) => id).join('')})`;
      return part.kind === 'message' && part.first ? part.key.toUpperCase() : part.key;
    })
    .join('');

test('a timeline has a line per day, and one head per run of a sender', () => {
  const parts = drawn([
    message('a', '2026-11-19T12:00:00Z'),
    message('b', '2026-11-20T12:00:00Z'),
    message('c', '2026-11-20T12:05:00Z'),
    message('d', '2026-11-20T12:06:00Z', { direction: 'outbound' }),
    message('e', '2026-11-20T12:07:00Z'),
    message('f', '2026-11-20T15:00:00Z'),
  ]);
  expect(parts).toBe('|A|BcDEF');
});

test('what one person changed at once is one line; what can be undone stays apart', () => {
  const rearrangement_id = 'rea_1';
  const parts = drawn([
    activity('a', '2026-11-20T12:00:00Z'),
    activity('b', '2026-11-20T12:00:20Z'),
    activity('c', '2026-11-20T12:00:30Z', { rearrangement_id }),
    activity('d', '2026-11-20T12:00:40Z', { actor: { kind: 'user', id: 'usr_2', name: 'Sam' } }),
    note('n', '2026-11-20T12:00:50Z'),
    message('m', '2026-11-20T12:01:00Z'),
  ]);
  expect(parts).toBe('|(ab)(c)(d)nM');
});

test('the quoted part is taken out once, and never leaves nothing', () => {
  expect(split('Yes.\n\n> old', '> old')).toEqual({ said: 'Yes.', quoted: '> old' });
  expect(split('Yes.', '> old')).toEqual({ said: 'Yes.', quoted: '> old' });
  expect(split('> old', '> old')).toEqual({ said: '> old', quoted: null });
  expect(split('Yes.', null)).toEqual({ said: 'Yes.', quoted: null });
});

test('a signature is folded with what is quoted', () => {
  expect(split('Yes.\n-- \nJane\n\n> old', '> old', 'Jane')).toEqual({ said: 'Yes.', quoted: 'Jane\n\n> old' });
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
