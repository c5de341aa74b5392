import { expect, test } from 'vitest';
import { clock } from '../parts/time';
import { rateWords, volumeOf } from './volume';

const noon = new Date('2026-11-20T12:00:00Z');
const here = clock('2026-11-21T00:00:00Z');
const midnight = here === '00:00' ? '00:00 UTC' : `00:00 UTC (${here} here)`;

test('against a limit there is a share, which warns before it is used up', () => {
  expect(volumeOf(1234, 5000, noon)).toEqual({
    figures: '1,234 of 5,000',
    share: 0.2468,
    tone: 'calm',
    note: `3,766 left until ${midnight}.`,
  });
  expect(volumeOf(4000, 5000, noon).tone).toBe('warn');
  expect(volumeOf(5000, 5000, noon)).toMatchObject({
    share: 1,
    tone: 'bad',
    note: `All of today’s limit is used. It sends again from ${midnight}.`,
  });
  expect(volumeOf(5003, 5000, noon).share).toBe(1);
});

test('without a limit there is no bar, and the day is still told', () => {
  expect(volumeOf(7, null, noon)).toEqual({
    figures: '7',
    share: null,
    tone: 'calm',
    note: `No daily limit. Counted until ${midnight}.`,
  });
});

test('the rate reads as one phrase', () => {
  expect(rateWords(10, 4)).toBe('10 a second, 4 at once');
  expect(rateWords(null, 16)).toBe('no rate limit, 16 at once');
});
