import { expect, test } from 'vitest';
import { inserted, preview } from './canned';

test('a preview fills in samples and marks what nothing is known of', () => {
  expect(preview('Hello {{contact.first_name|there}}, {{contact.nam}}!')).toEqual([
    { text: 'Hello ', kind: 'text' },
    { text: 'Jane', kind: 'filled' },
    { text: ', ', kind: 'text' },
    { text: '{{contact.nam}}', kind: 'unknown' },
    { text: '!', kind: 'text' },
  ]);
});

test('an attribute shows its default, else its name', () => {
  expect(preview('{{contact.attributes.plan|Free}}{{ contact.attributes.plan }}').map((piece) => piece.text)).toEqual(['Free', 'plan']);
  expect(preview('{{contact.attributes.}}')[0]?.kind).toBe('unknown');
});

test('half a variable is text', () => {
  expect(preview('a {{contact.name')).toEqual([{ text: 'a {{contact.name', kind: 'text' }]);
  expect(preview('')).toEqual([]);
});

test('what is inserted replaces what was marked', () => {
  expect(inserted('Hello you', 6, 9, '{{contact.name}}')).toEqual({ text: 'Hello {{contact.name}}', cursor: 22 });
});
