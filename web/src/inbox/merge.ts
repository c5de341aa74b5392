// Joins a fresh first page with the rows on screen, newest activity first. Pure.

import type { TimelineItem } from '../api/types';
import { idOf, timeOf } from './timeline';

type Row = { id: string; last_activity_at: string };

/** Rows that the fresh page covers in time but does not name have left the view. */
export function mergeFirstPage<T extends Row>(rows: T[], fresh: T[], isWhole: boolean): T[] {
  const oldest = fresh.at(-1)?.last_activity_at;
  if (isWhole || oldest === undefined) return fresh;
  const named = new Set(fresh.map((row) => row.id));
  return [...fresh, ...rows.filter((row) => !named.has(row.id) && row.last_activity_at <= oldest)];
}

/** Items by id, oldest first; what is newer in `fresh` replaces what was there. */
export function mergeItems(items: TimelineItem[], fresh: TimelineItem[]): TimelineItem[] {
  const all = new Map(items.map((item) => [idOf(item), item]));
  for (const item of fresh) all.set(idOf(item), item);
  return [...all.values()].sort((a, b) => compare(timeOf(a), timeOf(b)) || compare(idOf(a), idOf(b)));
}

/** A fresh newest page also says what is gone: a removed note, a message that was moved away. */
export function mergeNewest(items: TimelineItem[], fresh: TimelineItem[], isWhole: boolean): TimelineItem[] {
  const oldest = fresh[0];
  if (isWhole || !oldest) return fresh;
  return mergeItems(items.filter((item) => timeOf(item) < timeOf(oldest)), fresh);
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
