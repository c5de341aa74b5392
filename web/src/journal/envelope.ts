// Who a journal entry is from and for, as far as the envelope tells. Pure.

import type { JournalEntry } from '../api/types';

/** `jane@example.com → support@example.com`, or `INBOX, message 12` of a mailbox; empty for what tells neither. */
export function envelopeOf({ context }: Pick<JournalEntry, 'context'>): string {
  if (typeof context !== 'object' || context === null) return '';
  const { envelope_from: from, envelope_to: to, peer } = context as Record<string, unknown>;
  const sender = typeof from === 'string' ? from : '';
  const recipients = Array.isArray(to) ? to.filter((one) => typeof one === 'string').join(', ') : '';
  if (!sender && !recipients) return placeOf(peer);
  return sender && recipients ? `${sender} → ${recipients}` : sender || `to ${recipients}`;
}

function placeOf(peer: unknown): string {
  const { folder, uid } = (peer ?? {}) as Record<string, unknown>;
  return typeof folder === 'string' && typeof uid === 'number' ? `${folder}, message ${uid}` : '';
}
