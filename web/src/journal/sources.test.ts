import { expect, test } from 'vitest';
import { sourceName, sourcesOf } from './sources';

test('sources have names', () => {
  expect(['smtp', 'api', 'webhook:smtp2go', 'lmtp', 'imap', 'fax'].map((source) => sourceName(source))).toEqual([
    ...['Mail receiver', 'API', 'Webhook of smtp2go', 'Mail receiver (LMTP)', 'Mailbox', 'fax'],
  ]);
});

test('a provider is told by its own name', () => {
  const known = sourcesOf([{ name: 'smtp2go', title: 'SMTP2GO' }]);
  expect(known.map((one) => one.id)).toEqual(['smtp', 'lmtp', 'imap', 'api', 'webhook:smtp2go']);
  expect(sourceName('webhook:smtp2go', known)).toBe('Webhook of SMTP2GO');
});
