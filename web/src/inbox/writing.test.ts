import { expect, test } from 'vitest';
import type { Address } from '../api/types';
import { alike, isWorthKeeping } from './draft';
import { withMentions } from './mentions';
import { answerAll, answerTo, forwarded, ownAmong, spelledOut, typed } from './recipients';
import { askedAt, mentioned, replaced } from './typing';

const jane = { name: 'Jane Doe', address: 'jane@example.com' };
const bob = { name: null, address: 'bob@example.com' };
const us = { name: 'Support', address: 'support@example.com' };
const own = ownAmong(['support@example.com', '@shop.example.com']);
const inbound = (more: object = {}) => ({ direction: 'inbound' as const, from: jane, reply_to: null, to: [us], cc: [] as Address[], ...more });

test('an answer goes to the writer, or where the writer asked for', () => {
  expect(answerTo(inbound())).toEqual({ to: [jane], cc: [] });
  expect(answerTo(inbound({ reply_to: bob }))).toEqual({ to: [bob], cc: [] });
});

test('an answer to all leaves out ourselves and says nobody twice', () => {
  const message = inbound({ to: [us, bob], cc: [{ name: null, address: 'Jane@Example.com' }, bob, { name: 'Eve', address: 'eve@example.com' }] });
  expect(answerAll(message, own)).toEqual({ to: [jane], cc: [bob, { name: 'Eve', address: 'eve@example.com' }] });
});

test('our own addresses are known with a tag too, and by their domain', () => {
  expect(['Support@example.com', 'support+abc@example.com', 'any@shop.example.com'].every(own)).toBe(true);
  expect(own('support@example.org')).toBe(false);
});

test('after our own message, the same people again', () => {
  const sent = { ...inbound({ to: [jane], cc: [bob] }), direction: 'outbound' as const, from: us };
  expect(answerAll(sent, own)).toEqual({ to: [jane], cc: [bob] });
});

test('addresses are read as people type and paste them', () => {
  expect(typed('Jane Doe <jane@example.com>, bob@example.com; "Doe, Eve" <eve@example.com>')).toEqual({
    read: [jane, { address: 'bob@example.com' }, { name: 'Doe, Eve', address: 'eve@example.com' }],
    rest: '',
  });
  expect(typed('jane')).toEqual({ read: [], rest: 'jane' });
  expect(spelledOut({ name: 'Doe, Eve', address: 'eve@example.com' })).toBe('"Doe, Eve" <eve@example.com>');
});

test('a forward is marked once', () => {
  expect([forwarded('Order'), forwarded('Fwd: Order'), forwarded('WG: Order')]).toEqual(['Fwd: Order', 'Fwd: Order', 'WG: Order']);
});

test('a slash asks for responses only where a line begins', () => {
  expect(askedAt('/th', 3)).toEqual({ kind: 'canned', query: 'th', from: 0, to: 3 });
  expect(askedAt('Hello\n/', 7)).toEqual({ kind: 'canned', query: '', from: 6, to: 7 });
  expect(askedAt('and/or', 6)).toBeNull();
  expect(askedAt('/etc/passwd', 11)).toBeNull();
});

test('an at sign asks for names, but not within an address', () => {
  expect(askedAt('Ask @Ki', 7)).toEqual({ kind: 'mention', query: 'Ki', from: 4, to: 7 });
  expect(askedAt('Ask @Kim Do', 11)?.query).toBe('Kim Do');
  expect(askedAt('kim@example', 11)).toBeNull();
});

test('what is chosen takes the place of what was typed', () => {
  expect(replaced('Ask @Ki now', { from: 4, to: 7 }, '@Kim Doe ')).toEqual({ text: 'Ask @Kim Doe  now', caret: 13 });
});

test('mentions are those whose names still stand there', () => {
  const known = [{ id: 'usr_1', name: 'Kim' }, { id: 'usr_2', name: 'Kim Doe' }, { id: 'usr_3', name: 'Sam' }];
  expect(mentioned('@Sam, look', known)).toEqual(['usr_3']);
  expect(mentioned('@Kim Doe and @Sam and @Sam', known)).toEqual(['usr_2', 'usr_3']);
  expect(withMentions('Hi @Kim Doe!', known)).toEqual([
    { text: 'Hi ', mention: null },
    { text: '@Kim Doe', mention: 'usr_2' },
    { text: '!', mention: null },
  ]);
});

test('a draft is kept once something is written', () => {
  expect(isWorthKeeping({ to: ['jane@example.com'], text: '  ' })).toBe(false);
  expect(isWorthKeeping({ text: 'a' })).toBe(true);
  expect(isWorthKeeping({ attachments: [{ upload_id: 'upl_1' }] })).toBe(true);
});

test('what the server adds to a draft is no change', () => {
  const written = { to: ['Jane Doe <jane@example.com>'], text: 'a', attachments: [{ upload_id: 'upl_1' }] };
  const answered = { ...written, to: ['"Jane Doe" <jane@example.com>'], cc: [], bcc: [], html: null, attachments: [{ upload_id: 'upl_1', filename: 'a.png', size: 3 }] };
  expect(alike(written, answered)).toBe(true);
  expect(alike(written, { ...answered, text: 'b' })).toBe(false);
});
