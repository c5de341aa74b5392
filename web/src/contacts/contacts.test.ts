import { expect, test } from 'vitest';
import { attributeColumn, attributeKey, chosenFrom, columnsOf, usualColumns } from './columns';
import { attributeOf, attributeParts, hasFilters, queryOf } from './filters';

const now = new Date('2026-03-10T12:34:56Z');
const asked = (address: string) => queryOf(new URLSearchParams(address), now);

test('an address without filters asks for the newest', () => {
  expect(asked('')).toEqual({ sort: 'newest' });
  expect(hasFilters(new URLSearchParams('q=jane&sort=name'))).toBe(false);
});

test('seen becomes a time, cut to the hour', () => {
  expect(asked('seen=7d').seen_after).toBe('2026-03-03T12:00:00.000Z');
  expect(asked('seen=7d').seen_before).toBeUndefined();
  expect(asked('seen=not-30d').seen_before).toBe('2026-02-08T12:00:00.000Z');
  expect(asked('seen=whenever')).toEqual({ sort: 'newest' });
});

test('the other filters go as they are', () => {
  expect(asked('q=jane&owner=none&channel=sms&attribute=plan:Pro&sort=name')).toEqual({
    ...{ q: 'jane', owner: 'none', channel: 'sms', attribute: 'plan:Pro', sort: 'name' },
  });
});

test('an attribute filter is a key and a value, which may have colons', () => {
  expect(attributeOf(' plan ', ' Pro ')).toBe('plan:Pro');
  expect(attributeOf('plan', ' ')).toBeNull();
  expect(attributeParts('site:https://example.com')).toEqual({ key: 'site', value: 'https://example.com' });
});

test('columns are the fixed ones, what the rows have, and what was chosen', () => {
  const ids = columnsOf([{ attributes: { plan: 'Pro' } }, { attributes: { company: 'Contoso' } }], ['attribute:vip']).map((one) => one.id);
  expect(ids.slice(-3)).toEqual(['attribute:company', 'attribute:plan', 'attribute:vip']);
  expect(attributeKey(attributeColumn('a:b').id)).toBe('a:b');
});

test('a choice that cannot be read is the usual one', () => {
  expect(chosenFrom(null)).toEqual(usualColumns);
  expect(chosenFrom('{"a":1}')).toEqual(usualColumns);
  expect(chosenFrom('["owner"]')).toEqual(['owner']);
});
