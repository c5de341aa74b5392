import { expect, test } from 'vitest';
import type { DoctorCheck } from '../api/doctor';
import { areasOf, pageOf, summary } from './findings';

/** A newer server may have areas that this page does not know. */
const check = (area: string, state: DoctorCheck['state'], name = 'one') =>
  ({ area, state, name, subject: null, detail: '', advice: null }) as DoctorCheck;

test('areas keep their order; inside them what needs somebody comes first', () => {
  const areas = areasOf([check('dns', 'ok'), check('clock', 'ok'), check('dns', 'problem', 'SPF'), check('moon', 'skipped')]);
  expect(areas.map(({ title, worst }) => [title, worst])).toEqual([['Sender domains', 'problem'], ['Clock', 'ok'], ['Moon', 'skipped']]);
  expect(areas[0]?.checks.map(({ state }) => state)).toEqual(['problem', 'ok']);
});

test('the summary says the bad first', () => {
  expect(summary([check('a', 'ok'), check('a', 'problem'), check('a', 'warning'), check('a', 'problem')])).toEqual({
    words: '2 problems, 1 warning, 1 fine',
    worst: 'problem',
  });
  expect(summary([check('a', 'ok'), check('a', 'skipped')])).toEqual({ words: 'Nothing is wrong, 1 fine, 1 left out', worst: 'ok' });
  expect(summary([])).toEqual({ words: 'Nothing was looked at', worst: 'skipped' });
});

test('what can be mended here leads to its page', () => {
  expect(pageOf({ kind: 'channel_account', id: 'acc_1', name: 'Mailgun' })).toBe('/channels/acc_1');
  expect(pageOf({ kind: 'mailbox', id: 'mbx_1', name: 'Post' })).toBe('/channels/mailboxes/mbx_1');
  expect(pageOf({ kind: 'webhook', id: 'whk_1', name: 'https://example.com' })).toBe('/settings/webhooks/whk_1');
  expect(pageOf({ kind: 'domain', id: 'example.com', name: 'example.com' })).toBeNull();
  expect(pageOf(null)).toBeNull();
});
