import { expect, test } from 'vitest';
import { routingFieldsOf, routingOf } from './routingFields';

test('a new account begins with what the server would take', () => {
  expect(routingFieldsOf(null)).toEqual({ priority: '0', weight: '100', daily_limit: '', rate_per_second: '', concurrency: '' });
});

test('what was not touched comes back as it was; an emptied limit is lifted', () => {
  const account = { priority: -1, weight: 70, daily_limit: 5000, rate_per_second: 10, concurrency: 4 };
  expect(routingOf(routingFieldsOf(account))).toEqual(account);
  expect(routingOf({ ...routingFieldsOf(account), daily_limit: '', rate_per_second: ' ', concurrency: '' })).toEqual({
    ...account,
    daily_limit: null,
    rate_per_second: null,
    concurrency: undefined,
  });
});
