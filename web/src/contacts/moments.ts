// The timeline of a person: what each item shows, under day lines, with the conversation named where it changes. Pure.

import type { ContactTimelineItem } from '../api/types';
import { dayName } from '../parts/time';

export type Moment = { key: string; at: string; item: ContactTimelineItem; day: string | null; opens: boolean };

export function atOf(item: ContactTimelineItem): string {
  if (item.type === 'message') return item.message.created_at;
  return item.type === 'note' ? item.note.at : item.activity.at;
}

export function keyOf(item: ContactTimelineItem): string {
  if (item.type === 'message') return item.message.id;
  return item.type === 'note' ? item.note.id : item.activity.id;
}

/** Newest first, as the server gives them. `day`: the line above; `opens`: the conversation's name stands above. */
export function momentsOf(items: ContactTimelineItem[], now: Date): Moment[] {
  let lastDay = '';
  let lastTalk = '';
  return items.map((item) => {
    const at = atOf(item);
    const day = dayName(at, now);
    const newDay = day !== lastDay;
    const opens = newDay || item.conversation_id !== lastTalk;
    [lastDay, lastTalk] = [day, item.conversation_id];
    return { key: keyOf(item), at, item, day: newDay ? day : null, opens };
  });
}
