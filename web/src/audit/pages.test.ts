import { expect, test } from 'vitest';
import { pageOf } from './pages';

test('what has a page is found by its id', () => {
  expect(pageOf('con_1')).toBe('/contacts/con_1');
  expect(pageOf('mbx_1')).toBe('/channels/mailboxes/mbx_1');
  expect(pageOf('tag_1')).toBe('/settings/tags');
});

test('anything else has none', () => {
  expect(pageOf(null)).toBeNull();
  expect(pageOf('imp_1')).toBeNull();
  expect(pageOf('constructor_1')).toBeNull();
});
