import { expect, test } from 'vitest';
import { best, match } from './match';

test('a parameter takes one segment, decoded', () => {
  expect(match('/inbox/:id', '/inbox/cnv_1')?.params).toEqual({ id: 'cnv_1' });
  expect(match('/contacts/:id', '/contacts/a%20b')?.params).toEqual({ id: 'a b' });
  expect(match('/contacts/:id', '/contacts/100%')?.params).toEqual({ id: '100%' });
});

test('an optional parameter may be missing, another may not', () => {
  expect(match('/inbox/:id?', '/inbox')?.params).toEqual({});
  expect(match('/inbox/:id', '/inbox')).toBeNull();
});

test('a path with more segments than the pattern is another page', () => {
  expect(match('/inbox/:id?', '/inbox/a/b')).toBeNull();
});

test('a literal segment beats a parameter', () => {
  const routes = [{ pattern: '/channels/:id' }, { pattern: '/channels/new' }];
  expect(best(routes, '/channels/new')?.route.pattern).toBe('/channels/new');
  expect(best(routes, '/channels/acc_1')?.route.pattern).toBe('/channels/:id');
  expect(best(routes, '/nowhere')).toBeNull();
});
