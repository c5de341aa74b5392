// What every provider can do, as the rows of one table. Pure.

import type { Capabilities } from '../api/types';
import { count, size, spelled } from '../parts/words';

type Row = { name: string; label: string; meaning: string; told?: (value: number) => string };

/** In words for people who choose a provider. */
const known: { group: string; rows: Row[] }[] = [
  {
    group: 'Sending',
    rows: [
      { name: 'attachments', label: 'Attachments', meaning: 'Files with a message' },
      { name: 'inline_images', label: 'Inline images', meaning: 'Pictures inside the HTML' },
      { name: 'custom_headers', label: 'Own headers', meaning: 'Among them those of threads and of List-Unsubscribe' },
      { name: 'keeps_message_id', label: 'Keeps our Message-ID', meaning: 'Else answers name one that the vendor wrote' },
      { name: 'international_addresses', label: 'International addresses', meaning: 'Letters beyond ASCII before the @' },
      { name: 'spf_include', label: 'For the SPF record', meaning: 'What that of a sender’s domain has to include' },
      { name: 'sandbox', label: 'Test mode', meaning: 'Everything is checked and nothing delivered' },
    ],
  },
  {
    group: 'Certainty',
    rows: [
      { name: 'idempotency_key', label: 'Never sends twice', meaning: 'Takes a key by which it knows a second request' },
      {
        name: 'idempotency_key_hours',
        label: 'Knows a message for',
        meaning: 'After that the same request sends again',
        told: (value) => (value % 24 === 0 ? count(value / 24, 'day') : `${value} h`),
      },
      { name: 'look_up', label: 'Can be asked', meaning: 'What became of a message whose outcome is unknown' },
      {
        name: 'look_up_after_seconds',
        label: 'Can be asked after',
        meaning: 'Before that it may not know yet',
        told: (value) => (value === 0 ? 'at once' : value % 60 === 0 ? `${value / 60} min` : `${value} s`),
      },
    ],
  },
  {
    group: 'What comes back',
    rows: [
      { name: 'delivery_events', label: 'Delivery events', meaning: 'Delivered, bounced, complained and the like' },
      { name: 'missed_events', label: 'Tells missed events', meaning: 'Can be asked for what its webhooks did not tell' },
      { name: 'unsuppress', label: 'Lifts suppressions', meaning: 'Takes an address off its own list when we take it off ours' },
      { name: 'inbound', label: 'Receives mail', meaning: 'Hands received messages to us' },
      { name: 'signed_webhooks', label: 'Signs its webhooks', meaning: 'Others are believed by the secret in their address' },
    ],
  },
  {
    group: 'Limits',
    rows: [
      { name: 'max_message_bytes', label: 'Largest message', meaning: 'The whole message, as it is sent', told: (value) => size(value).replace('.0 ', ' ') },
      { name: 'max_recipients', label: 'Most recipients', meaning: 'To, Cc and Bcc together', told: (value) => value.toLocaleString('en-GB') },
    ],
  },
];

/** A yes or no, or a limit in words; null where it is not known or does not apply. */
export type Cell = boolean | string | null;
export type MatrixRow = { name: string; label: string; meaning: string; cells: Cell[] };
export type MatrixGroup = { group: string; rows: MatrixRow[] };

/** A server newer than this page may know more: that stands at the end, by its own name. */
export function matrixOf(capabilities: Capabilities[]): MatrixGroup[] {
  const all = capabilities as Record<string, unknown>[];
  const named = new Set(known.flatMap(({ rows }) => rows.map((row) => row.name)));
  const more = [...new Set(all.flatMap(Object.keys))].filter((name) => !named.has(name));
  const groups = [...known, { group: 'More', rows: more.map((name): Row => ({ name, label: spelled(name), meaning: '' })) }];
  return groups
    .map(({ group, rows }) => ({
      group,
      rows: rows.map(({ told, ...row }) => ({ ...row, cells: all.map((one) => cell(one[row.name], told)) })),
    }))
    .filter(({ rows }) => rows.length > 0);
}

function cell(value: unknown, told: Row['told']): Cell {
  if (typeof value === 'boolean') return value;
  if (typeof value === 'number') return told ? told(value) : value.toLocaleString('en-GB');
  return typeof value === 'string' ? value : null;
}
