// Arranges what happened for reading: a line per day, messages of one sender within an hour together, changes made at
// once by one person on one line. Pure.

import type { Activity, Message, Note, TimelineItem } from '../api/types';
import { sameDay } from '../parts/time';

export type Part =
  | { kind: 'day'; at: string; key: string }
  | { kind: 'message'; message: Message; first: boolean; key: string }
  | { kind: 'note'; note: Note; key: string }
  | { kind: 'activity'; activities: Activity[]; key: string };

const TOGETHER = 60 * 60_000;
const AT_ONCE = 60_000;

export const idOf = (item: TimelineItem): string =>
  item.type === 'message' ? item.message.id : item.type === 'note' ? item.note.id : item.activity.id;

export const timeOf = (item: TimelineItem): string =>
  item.type === 'message' ? item.message.created_at : item.type === 'note' ? item.note.at : item.activity.at;

export function arrange(items: TimelineItem[]): Part[] {
  const parts: Part[] = [];
  let before: TimelineItem | null = null;
  for (const item of items) {
    const at = timeOf(item);
    const newDay = !before || !sameDay(new Date(timeOf(before)), new Date(at));
    if (newDay) parts.push({ kind: 'day', at, key: `day ${idOf(item)}` });
    add(parts, item, before, newDay);
    before = item;
  }
  return parts;
}

function add(parts: Part[], item: TimelineItem, before: TimelineItem | null, newDay: boolean) {
  const key = idOf(item);
  if (item.type === 'note') parts.push({ kind: 'note', note: item.note, key });
  else if (item.type === 'message') {
    const last = before?.type === 'message' ? before.message : null;
    parts.push({ kind: 'message', message: item.message, first: newDay || !last || !together(last, item.message), key });
  } else {
    const last = parts.at(-1);
    if (!newDay && last?.kind === 'activity' && atOnce(last.activities.at(-1), item.activity)) {
      parts[parts.length - 1] = { ...last, activities: [...last.activities, item.activity] };
    } else parts.push({ kind: 'activity', activities: [item.activity], key });
  }
}

function together(before: Message, message: Message): boolean {
  return (
    before.direction === message.direction &&
    before.channel === message.channel &&
    before.from?.address === message.from?.address &&
    before.author?.id === message.author?.id &&
    Date.parse(message.created_at) - Date.parse(before.created_at) < TOGETHER
  );
}

/** What has an undo of its own keeps a line of its own. */
function atOnce(before: Activity | undefined, activity: Activity): boolean {
  return (
    !!before &&
    !before.rearrangement_id &&
    !activity.rearrangement_id &&
    before.actor.id === activity.actor.id &&
    before.actor.kind === activity.actor.kind &&
    Date.parse(activity.at) - Date.parse(before.at) < AT_ONCE
  );
}

/** The key of the part in which an item is: changes made at once share one. */
export function partOf(parts: Part[], id: string): string {
  const holds = (part: Part) => part.key === id || (part.kind === 'activity' && part.activities.some((one) => one.id === id));
  return parts.find(holds)?.key ?? id;
}

/** About how tall a part is, in pixels, until it was drawn once. */
export function guessOf(part: Part): number {
  if (part.kind === 'day') return 36;
  if (part.kind === 'activity') return 28;
  if (part.kind === 'note') return 96 + linesOf(part.note.text) * 20;
  const { message } = part;
  if (message.state === 'cancelled') return 32;
  return (part.first ? 84 : 48) + (message.html && message.direction === 'inbound' ? 160 : linesOf(message.text ?? '') * 20);
}

const LINE = 90;
const linesOf = (text: string) => Math.min(40, text.split('\n').reduce((sum, line) => sum + 1 + Math.floor(line.length / LINE), 0));

/** The rearrangements that can still be undone: those whose undoing is not in the timeline too. */
export function undoable(items: TimelineItem[]): Set<string> {
  const found = new Set<string>();
  for (const item of items) {
    if (item.type !== 'activity' || !item.activity.rearrangement_id) continue;
    if (item.activity.kind === 'undone') found.delete(item.activity.rearrangement_id);
    else found.add(item.activity.rearrangement_id);
  }
  return found;
}
