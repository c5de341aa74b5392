// Who a journal entry is from and for, as far as the envelope tells. Pure.

import type { JournalEntry } from '../api/types';

/** `jane@example.com → support@example.com`; empty for what has no envelope. */
export function envelopeOf({ context }: Pick<JournalEntry, 'context'>): string {
  if (typeof context !== 'object' || context === null) return '';
  const { envelope_from: from, envelope_to: to } = context as Record<string, unknown>;
  const sender = typeof from === 'string' ? from : '';
  const recipients = Array.isArray(to) ? to.filter((one) => typeof one === 'string').join(', ') : '';
  return sender && recipients ? `${sender} → ${recipients}` : sender || (recipients && `to ${recipients}`);
}

/** `smtp` and `webhook:smtp2go` in words. */
export function sourceName(source: string): string {
  const [kind, provider] = source.split(':');
  if (kind === 'smtp') return 'Mail receiver';
  if (kind === 'api') return 'API';
  return kind === 'webhook' ? `Webhook of ${provider}` : source;
}
