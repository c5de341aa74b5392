// Where journal entries come from, and the states they may be in: what the page filters by. Pure.

import type { JournalState } from '../api/types';

export const states: { id: JournalState | ''; name: string }[] = [
  { id: '', name: 'All' },
  { id: 'failed', name: 'Failed' },
  { id: 'received', name: 'Waiting' },
  { id: 'processed', name: 'Processed' },
  { id: 'ignored', name: 'Ignored' },
];

type Known = { id: string; name: string };

/** Webhooks are named by their provider: `webhook:smtp2go`. */
export function sourcesOf(providers: { name: string; title: string }[]): Known[] {
  return [
    { id: 'smtp', name: 'Mail receiver (SMTP)' },
    { id: 'lmtp', name: 'Mail receiver (LMTP)' },
    { id: 'imap', name: 'Mailbox (IMAP)' },
    { id: 'api', name: 'API' },
    ...providers.map(({ name, title }) => ({ id: `webhook:${name}`, name: `Webhook of ${title}` })),
  ];
}

/** `smtp` and `webhook:smtp2go` in words; what is not known here is told as it is. */
export function sourceName(source: string, known: Known[] = []): string {
  const named = known.find((one) => one.id === source);
  if (named) return named.name;
  const [kind, whose] = source.split(':');
  if (kind === 'smtp') return 'Mail receiver';
  if (kind === 'lmtp') return 'Mail receiver (LMTP)';
  if (kind === 'imap') return 'Mailbox';
  if (kind === 'api') return 'API';
  return kind === 'webhook' ? `Webhook of ${whose}` : source;
}
