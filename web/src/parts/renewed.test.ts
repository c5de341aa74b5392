import { expect, test } from 'vitest';
import { renewed } from './renewed';

const same = (one: string, other: string) => one === other;

test('what was read below the first page stays', () => {
  expect(renewed(['a', 'b', 'c', 'd'], 'after d', { data: ['new', 'a'], next_cursor: 'after a' }, same)).toEqual({
    rows: ['new', 'a', 'b', 'c', 'd'],
    cursor: 'after d',
  });
});

test('a row that moved up is there once', () => {
  expect(renewed(['a', 'b', 'c', 'd'], 'after d', { data: ['d', 'a'], next_cursor: 'after a' }, same).rows).toEqual([
    ...['d', 'a', 'b', 'c'],
  ]);
});

test('a list that is all fresh, or whole, is taken as it is', () => {
  expect(renewed(['a', 'b'], 'after b', { data: ['x', 'y'], next_cursor: 'after y' }, same)).toEqual({
    rows: ['x', 'y'],
    cursor: 'after y',
  });
  expect(renewed(['a', 'b', 'c'], null, { data: ['a'], next_cursor: null }, same)).toEqual({ rows: ['a'], cursor: null });
});
