import { expect, test } from 'vitest';
import { envelopeOf } from './envelope';

test('an envelope is told as far as it is there', () => {
  const context = { envelope_from: 'jane@example.com', envelope_to: ['support@example.com', 'sales@example.com'] };
  expect(envelopeOf({ context })).toBe('jane@example.com → support@example.com, sales@example.com');
  expect(envelopeOf({ context: { envelope_to: ['support@example.com'] } })).toBe('to support@example.com');
  expect(envelopeOf({ context: { envelope_from: 7 } })).toBe('');
  expect(envelopeOf({ context: null })).toBe('');
  expect(envelopeOf({ context: { envelope_from: null, peer: { folder: 'INBOX', uid: 12 } } })).toBe('INBOX, message 12');
  expect(envelopeOf({ context: { peer: '127.0.0.1' } })).toBe('');
});
