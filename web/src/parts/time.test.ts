import { expect, test } from 'vitest';
import { age, dayName, took } from './time';

const now = new Date(2026, 10, 20, 15, 0, 0);
const before = (milliseconds: number) => new Date(now.getTime() - milliseconds).toISOString();
const HOUR = 3_600_000;

test('ages get coarser', () => {
  expect(age(before(20_000), now)).toBe('now');
  expect(age(before(5 * 60_000), now)).toBe('5m');
  expect(age(before(3 * HOUR), now)).toBe('3h');
  expect(age(before(20 * HOUR), now)).toBe('Thu');
  expect(age(before(30 * 24 * HOUR), now)).toBe('21 Oct');
  expect(age(before(400 * 24 * HOUR), now)).toBe('16 Oct 2025');
});

test('a clock that is a little behind the server says now', () => {
  expect(age(before(-4_000), now)).toBe('now');
});

test('day lines name near days and date far ones', () => {
  expect(dayName(before(HOUR), now)).toBe('Today');
  expect(dayName(before(20 * HOUR), now)).toBe('Yesterday');
  expect(dayName(before(4 * 24 * HOUR), now)).toBe('Monday');
  expect(dayName(before(30 * 24 * HOUR), now)).toBe('Wednesday, 21 Oct');
});

test('how long an attempt took', () => {
  expect(took('2026-11-20T10:00:00.000Z', '2026-11-20T10:00:00.250Z')).toBe('250 ms');
  expect(took('2026-11-20T10:00:00.000Z', '2026-11-20T10:00:30.500Z')).toBe('30.5 s');
});
