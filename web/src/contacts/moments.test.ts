import { expect, test } from 'vitest';
import type { ContactTimelineItem } from '../api/types';
import { momentsOf } from './moments';

const now = new Date('2026-03-10T12:00:00');
const line = (id: string, at: string, conversation_id: string) =>
  ({ type: 'activity', activity: { id, at }, conversation_id, subject: null }) as unknown as ContactTimelineItem;

test('a day is named once, a conversation where it changes and after each day line', () => {
  const moments = momentsOf(
    [
      ...[line('e1', '2026-03-10T11:00:00', 'a'), line('e2', '2026-03-10T10:00:00', 'a'), line('e3', '2026-03-10T09:00:00', 'b')],
      line('e4', '2026-03-09T09:00:00', 'b'),
    ],
    now,
  );
  expect(moments.map(({ day, opens }) => [day, opens])).toEqual([
    ['Today', true],
    [null, false],
    [null, true],
    ['Yesterday', true],
  ]);
});
