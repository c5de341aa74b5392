import { expect, test } from 'vitest';
import { kindOf, typed, valueFrom } from './attributes';
import { clockIn } from './zones';

test('a value keeps its kind', () => {
  expect([7, '7', true].map(kindOf)).toEqual(['number', 'text', 'yes or no']);
  expect(valueFrom(' 7 ', 'text')).toBe('7');
  expect(valueFrom(' 7.5 ', 'number')).toBe(7.5);
  expect(valueFrom(typed(false), 'yes or no')).toBe(false);
});

test('what does not fit the kind is nothing', () => {
  expect(valueFrom('', 'text')).toBeNull();
  expect(valueFrom('many', 'number')).toBeNull();
  expect(valueFrom('', 'number')).toBeNull();
  expect(valueFrom('perhaps', 'yes or no')).toBeNull();
});

test('a clock elsewhere, and none where there is no such zone', () => {
  expect(clockIn('Asia/Tokyo', new Date('2026-03-10T12:00:00Z'))).toBe('21:00');
  expect(clockIn('Mars/Olympus', new Date())).toBe('');
});
