import { expect, test } from 'vitest';
import { envelopeOf, sourceName } from './envelope';

test('an envelope is told as far as it is there', () => {
  const context = { envelope_from: 'jane@example.com', envelope_to: ['support@example.com', 'sales@example.com'] };
  expect(envelopeOf({ context })).toBe('jane@example.com → support@example.com, sales@example.com');
  expect(envelopeOf({ context: { envelope_to: ['support@example.com'] } })).toBe('to support@example.com');
  expect(envelopeOf({ context: { envelope_from: 7 } })).toBe('');
  expect(envelopeOf({ context: null })).toBe('');
});

test('sources have names', () => {
  expect(['smtp', 'api', 'webhook:smtp2go', 'fax'].map(sourceName)).toEqual(['Mail receiver', 'API', 'Webhook of smtp2go', 'fax']);
});
