import { expect, test } from 'vitest';
import type { Conversation, Message } from '../api/types';
import { applied, belongs, inverse } from './changes';
import { stillThere, through, toggled } from './choice';
import { automaticWords, doubt } from './marks';
import { piecesOf, suggestions, personWanted } from './operators';
import { kindOf } from './preview';
import { moments, told } from './snooze';
import { misleads } from './truth';

const friday = new Date(2026, 10, 20, 10, 20);
const offered = (now: Date) => moments(now).map(({ name, at }) => `${name} ${told(at, now)}`);

test('snoozing offers the hours that make sense at this hour', () => {
  expect(offered(friday)).toEqual([
    'Later today 13:00',
    'Tomorrow Sat 21 Nov, 08:00',
    'Next week Mon 23 Nov, 08:00',
    'In a month Sun 20 Dec, 08:00',
  ]);
  expect(offered(new Date(2026, 10, 20, 18, 5))[0]).toBe('This evening 20:00');
  expect(offered(new Date(2026, 10, 20, 23, 0))[0]).toBe('Tomorrow Sat 21 Nov, 08:00');
});

test('on a Sunday the next week is not tomorrow; a month has a last day', () => {
  expect(offered(new Date(2026, 10, 22, 10, 0))[2]).toBe('In a week Sun 29 Nov, 08:00');
  expect(moments(new Date(2027, 0, 31, 10, 0)).at(-1)?.at).toEqual(new Date(2027, 1, 28, 8));
});

const talk = (more: Partial<Conversation> = {}) =>
  ({ id: 'cnv_1', state: 'open', priority: 'normal', assignee: null, team: null, tags: [], snoozed_until: null, in_tray: false, ...more }) as unknown as Conversation;
const urgent = { id: 'tag_1', name: 'Urgent', color: 'red' as const };
const billing = { id: 'tag_2', name: 'Billing', color: 'blue' as const };
const known = { users: [{ id: 'usr_1', name: 'Kim' }], teams: [], tags: [urgent, billing] };

test('a change shows before the server has answered, and has its way back', () => {
  const before = talk({ tags: [urgent] });
  const change = { assignee_id: 'usr_1', add_tags: ['tag_2'], remove_tags: ['tag_1'] };
  expect(applied(before, change, known)).toMatchObject({ assignee: { name: 'Kim' }, tags: [billing] });
  expect(inverse(before, change)).toEqual({ assignee_id: null, tags: ['tag_1'] });
});

test('waking a conversation and taking that back knows until when it slept', () => {
  const asleep = talk({ state: 'snoozed', snoozed_until: '2026-11-21T08:00:00Z' });
  expect(applied(asleep, { state: 'open' }, known)).toMatchObject({ state: 'open', snoozed_until: null });
  expect(inverse(asleep, { state: 'open' })).toEqual({ state: 'snoozed', snoozed_until: '2026-11-21T08:00:00Z' });
});

test('a conversation leaves the view that it no longer fits', () => {
  const mine = { state: 'open', tray: false, assignee: 'me' };
  expect(belongs(talk({ assignee: { id: 'usr_1', name: 'Kim' } }), mine, 'usr_1')).toBe(true);
  expect(belongs(talk(), mine, 'usr_1')).toBe(false);
  expect(belongs(talk({ state: 'resolved' }), { state: 'open' }, 'usr_1')).toBe(false);
  expect(belongs(talk({ in_tray: true }), { state: 'open', tray: false }, 'usr_1')).toBe(false);
  expect(belongs(talk({ state: 'merged' }), {}, 'usr_1')).toBe(false);
});

test('rows are chosen one by one, or all between two', () => {
  const rows = ['a', 'b', 'c', 'd'];
  expect([...toggled(new Set(['a']), 'a')]).toEqual([]);
  expect([...through(new Set(['d']), rows, 'c', 'a')].sort()).toEqual(['a', 'b', 'c', 'd']);
  expect([...through(new Set(), rows, null, 'b')]).toEqual(['b']);
  expect([...stillThere(new Set(['a', 'x']), rows)]).toEqual(['a']);
});

test('operators are marked, everything else is words', () => {
  const kinds = (q: string) => piecesOf(q).map(({ text, kind }) => `${kind[0]}:${text}`);
  expect(kinds('from:jane -tag:"big deal" http://x invoice')).toEqual([
    'o:from:jane',
    's: ',
    'o:-tag:"big deal"',
    's: ',
    'w:http://x',
    's: ',
    'w:invoice',
  ]);
  expect(piecesOf('a  b').map(({ text }) => text).join('')).toBe('a  b');
});

test('suggestions complete operators, then their values', () => {
  expect(suggestions('fr', 2).map(({ query, caret }) => [query, caret])).toEqual([['from:', 5]]);
  expect(suggestions('is:re', 5).map(({ text }) => text)).toEqual(['is:resolved']);
  expect(suggestions('x -tag:bi y', 9, { tag: ['Big deal', 'Billing'] }).map(({ query }) => query)).toEqual([
    'x -tag:"Big deal" y',
    'x -tag:Billing y',
  ]);
  expect(suggestions('"from', 5)).toEqual([]);
  expect(suggestions('tag:de', 6, { tag: ['Big deal'] }).map(({ text }) => text)).toEqual(['tag:"Big deal"']);
});

test('people are offered as the server finds them, behind what takes a person', () => {
  expect(personWanted('from:nor', 8)).toBe('nor');
  expect(personWanted('x -to:"Nora Q', 13)).toBe('nora q');
  expect([personWanted('from:', 5), personWanted('tag:nor', 7), personWanted('nora', 4), personWanted('from:nora x', 11)]).toEqual([null, null, null, null]);
  const found = [{ value: 'q.nora@example.com', hint: 'Nora Quist' }];
  expect(suggestions('-from:nor', 9, {}, found)).toEqual([
    { text: '-from:q.nora@example.com', hint: 'Nora Quist', query: '-from:q.nora@example.com ', caret: 25 },
  ]);
  expect(suggestions('tag:nor', 7, {}, found)).toEqual([]);
  expect(suggestions('from:q.nora@example.com', 23, {}, found)).toEqual([]);
});


test('a link that says another address is named', () => {
  expect(misleads('www.bank.example', 'https://evil.example/x')).toBe('evil.example');
  expect(misleads('https://bank.example/pay', 'https://bank.example/login')).toBeNull();
  expect(misleads('bank.example', 'https://pay.bank.example/')).toBeNull();
  expect(misleads('Pay here', 'https://evil.example/')).toBeNull();
});

const checked = (spf: string, dkim: string, dmarc: string) => {
  const of = (verdict: string) => ({ verdict, domain: null });
  return { server: 'mx.example.com', spf: of(spf), dkim: of(dkim), dmarc: of(dmarc) } as Message['authentication'];
};

test('a doubtful sender is warned of, an ordinary one is not', () => {
  expect(doubt(checked('pass', 'pass', 'fail'))).toMatch(/DMARC/);
  expect(doubt(checked('fail', 'none', 'none'))).toMatch(/SPF/);
  expect(doubt(checked('fail', 'pass', 'pass'))).toBeNull();
  expect(doubt(checked('softfail', 'none', 'none'))).toBeNull();
  expect(doubt(null)).toBeNull();
});

test('machines are named', () => {
  expect(automaticWords({ automatic: { mark: 'list', explanation: 'It has a List-Id.' } })).toBe('From a mailing list');
  expect(automaticWords({ automatic: null })).toBeNull();
});

test('what could run is not shown', () => {
  expect(['image/png', 'application/pdf', 'text/plain; charset=utf-8', 'image/svg+xml', 'text/html'].map((content_type) => kindOf({ content_type }))).toEqual(
    ['image', 'pdf', 'text', null, null],
  );
});
