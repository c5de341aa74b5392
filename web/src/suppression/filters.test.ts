import { expect, test } from 'vitest';
import { queryOf } from './filters';

test('only what is asked for goes to the server', () => {
  expect(queryOf(new URLSearchParams('q=%20@example.com&reason=complaint&other=1'))).toEqual({ q: '@example.com', reason: 'complaint' });
  expect(queryOf(new URLSearchParams('q=&channel='))).toEqual({});
});
