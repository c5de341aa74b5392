import { expect, test } from 'vitest';
import { revealing, visible } from './window';

test('a hundred thousand rows draw a screenful', () => {
  const slice = visible(76 * 50_000, 760, 76, 100_000);
  expect(slice.to - slice.from).toBeLessThan(30);
  expect(slice.from).toBe(49_994);
});

test('what is drawn and what is not add up to the whole height', () => {
  for (const scrolled of [0, 1, 75, 76, 5_000, 7_599, 9_999_999]) {
    const { from, to, before, after } = visible(scrolled, 500, 76, 100);
    expect(before + (to - from) * 76 + after).toBe(7_600);
  }
});

test('a short or empty list is drawn whole', () => {
  expect(visible(0, 500, 76, 3)).toEqual({ from: 0, to: 3, before: 0, after: 0 });
  expect(visible(0, 500, 76, 0)).toEqual({ from: 0, to: 0, before: 0, after: 0 });
});

test('revealing scrolls no further than it must', () => {
  expect(revealing(0, 100, 500, 50)).toBe(0);
  expect(revealing(5, 100, 500, 50)).toBe(100);
  expect(revealing(20, 100, 500, 50)).toBe(550);
});
