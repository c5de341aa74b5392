import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { placesFor } from './webhookPlace';

test('only the steps that speak of the address are taken', () => {
  const guide = '# V\n\n1. Make a key.\n2. `add` prints the webhook’s URL.\n3. Add a webhook (Settings) with this URL.\n4. Give the same URL\n   to the inbound stream.\n';
  const [list] = placesFor(guide);
  expect(list?.kind === 'list' && list.items.map((item) => item.map(({ text }) => text).join(''))).toEqual([
    'Add a webhook (Settings) with this URL.',
    'Give the same URL to the inbound stream.',
  ]);
  expect(placesFor('# SMTP\n\nNothing of the kind.')).toEqual([]);
});

test('the guide of every provider that has a webhook says where it goes', () => {
  const providers = new URL('../../../crates/providers/src/', import.meta.url);
  const guides = readdirSync(providers, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => ({ name, text: readFileSync(new URL(`${name}/README.md`, providers), 'utf8') }))
    .filter(({ text }) => text.includes('webhook’s URL') || text.includes("webhook's URL"));
  expect(guides.length).toBeGreaterThan(5);
  expect(guides.filter(({ text }) => placesFor(text).length === 0).map(({ name }) => name)).toEqual([]);
});
