import { expect, test } from 'vitest';
import { because, evidence, markOf, teller } from './reasons';

const now = new Date('2026-11-20T12:00:00Z');
const at = '2026-11-12T09:00:00Z';

test('why an address is not written to', () => {
  expect(because({ reason: 'hard_bounce', created_at: at }, now)).toBe('hard bounce on 12 Nov');
  expect(because({ reason: 'manual', created_at: '2025-03-01T09:00:00Z' }, now)).toBe('put on the list by hand on 1 Mar 2025');
  expect(markOf('spam_trap').name).toBe('Spam trap');
});

test('who told', () => {
  expect(teller({ source: 'mailgun', added_by: null })).toBe('told by Mailgun');
  expect(teller({ source: 'smtp2go', added_by: null }, { smtp2go: 'SMTP2GO' })).toBe('told by SMTP2GO');
  expect(teller({ source: 'person', added_by: { kind: 'user', id: 'usr_1', name: 'Olive Owner' } })).toBe('added by Olive Owner');
  expect(teller({ source: 'mail', added_by: null })).toBe('told by mail');
});

test('a code that the words have is not said twice', () => {
  expect(evidence({ code: '550 5.1.1', detail: '550 5.1.1 No such user' })).toBe('550 5.1.1 No such user');
  expect(evidence({ code: '5.1.1', detail: '550 5.1.1 No such user' })).toBe('550 5.1.1 No such user');
  expect(evidence({ code: '605', detail: 'Not delivering to previously bounced address' })).toBe('605 Not delivering to previously bounced address');
  expect(evidence({ code: null, detail: 'Asked by phone' })).toBe('Asked by phone');
});
