import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Batch } from './batch';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('the first comes at once, a burst together, and silence ends it', () => {
  const got: number[][] = [];
  const batch = new Batch<number>((items) => got.push(items), 150);
  batch.add(1);
  expect(got).toEqual([[1]]);
  batch.add(2);
  batch.add(3);
  expect(got).toEqual([[1]]);
  vi.advanceTimersByTime(150);
  expect(got).toEqual([[1], [2, 3]]);
  vi.advanceTimersByTime(1000);
  batch.add(4);
  expect(got).toEqual([[1], [2, 3], [4]]);
});
