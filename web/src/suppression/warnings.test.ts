import { expect, test } from 'vitest';
import { reachesNobody, warningOf } from './warnings';

const now = new Date('2026-11-20T12:00:00Z');
const entry = { address: 'Jane@example.com', reason: 'hard_bounce', created_at: '2026-11-12T09:00:00Z' } as const;

test('a bounce blocks an answer too', () => {
  expect(warningOf(entry, true, now)).toEqual({
    address: 'Jane@example.com',
    blocks: true,
    text: 'is suppressed: hard bounce on 12 Nov. It will not be sent there.',
  });
});

test('who has unsubscribed is still answered, and not written to anew', () => {
  const gone = { ...entry, reason: 'unsubscribed' } as const;
  expect(warningOf(gone, true, now).blocks).toBe(false);
  expect(warningOf(gone, false, now).blocks).toBe(true);
});

test('a message that reaches somebody is sent', () => {
  const warnings = [warningOf(entry, false, now)];
  expect(reachesNobody(['jane@example.com'], warnings)).toBe(true);
  expect(reachesNobody(['jane@example.com', 'bob@example.com'], warnings)).toBe(false);
  expect(reachesNobody([], warnings)).toBe(false);
});
