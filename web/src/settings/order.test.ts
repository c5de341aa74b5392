import { expect, test } from 'vitest';
import { moved } from './order';

const list = (...positions: number[]) => positions.map((position, at) => ({ id: 'abc'.charAt(at), position }));

test('two change places', () => {
  expect(moved(list(0, 1, 2), 'b', -1)).toEqual([
    { id: 'b', position: 0 },
    { id: 'a', position: 1 },
  ]);
});

test('the first cannot go up, the last not down', () => {
  expect(moved(list(0, 1, 2), 'a', -1)).toEqual([]);
  expect(moved(list(0, 1, 2), 'c', 1)).toEqual([]);
  expect(moved(list(0, 1, 2), 'x', 1)).toEqual([]);
});

test('equal positions are counted anew', () => {
  expect(moved(list(0, 0, 0), 'c', -1)).toEqual([
    { id: 'c', position: 1 },
    { id: 'b', position: 2 },
  ]);
});
