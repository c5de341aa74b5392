import { expect, test } from 'vitest';
import type { Capabilities } from '../api/types';
import { matrixOf } from './matrix';

const nothing: Capabilities = {
  attachments: false,
  inline_images: false,
  custom_headers: false,
  delivery_events: false,
  inbound: false,
  signed_webhooks: false,
  look_up: false,
  idempotency_key: false,
  keeps_message_id: false,
  sandbox: false,
  international_addresses: false,
  max_message_bytes: null,
  max_recipients: null,
  look_up_after_seconds: null,
  idempotency_key_hours: null,
  missed_events: false,
  spf_include: null,
  unsuppress: false,
};
const row = (name: string, all: Capabilities[]) => matrixOf(all).flatMap(({ rows }) => rows).find((one) => one.name === name);

test('every capability is a row and every provider a cell of it', () => {
  const able = { ...nothing, attachments: true, max_message_bytes: 10_000_000, look_up_after_seconds: 1800, max_recipients: 1000 };
  const rows = matrixOf([able, nothing]).flatMap(({ rows: own }) => own);
  expect(rows.map(({ name }) => name).sort()).toEqual(Object.keys(nothing).sort());
  expect(row('attachments', [able, nothing])?.cells).toEqual([true, false]);
  expect(row('max_message_bytes', [able, nothing])?.cells).toEqual(['10 MB', null]);
  expect(row('look_up_after_seconds', [able, nothing])?.cells).toEqual(['30 min', null]);
  expect(row('idempotency_key_hours', [{ ...nothing, idempotency_key_hours: 24 }])?.cells).toEqual(['1 day']);
  expect(row('spf_include', [{ ...nothing, spf_include: 'mailgun.org' }])?.cells).toEqual(['mailgun.org']);
  expect(row('max_recipients', [able, nothing])?.cells).toEqual(['1,000', null]);
});

test('what this page does not know yet stands at the end, by its own name', () => {
  const newer = { ...nothing, reads_minds: true } as Capabilities;
  expect(matrixOf([newer]).at(-1)).toEqual({ group: 'More', rows: [{ name: 'reads_minds', label: 'Reads minds', meaning: '', cells: [true] }] });
});
