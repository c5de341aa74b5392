import { expect, test } from 'vitest';
import { count, initials, short, size, spelled } from './words';

test('initials come from names, addresses and other scripts', () => {
  expect(initials('Jane van der Doe')).toBe('JD');
  expect(initials('jane.doe@example.com')).toBe('J');
  expect(initials('見積 担当')).toBe('見担');
  expect(initials('—')).toBe('?');
});

test('sizes and counts', () => {
  expect([size(850), size(83_211), size(2_500_000)]).toEqual(['850 B', '83 kB', '2.5 MB']);
  expect([count(1, 'message'), count(1200, 'message'), count(2, 'entry', 'entries')]).toEqual(['1 message', '1,200 messages', '2 entries']);
});

test('large counts get short', () => {
  expect([short(0), short(980), short(3331), short(9999), short(123_456)]).toEqual([0, 980, '3.3k', '10k', '123k']);
});

test('codes are spelled out', () => {
  expect(spelled('api_key.created')).toBe('API key created');
});
