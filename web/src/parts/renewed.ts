// Joins a fresh first page with the rows that were read below the old one. Pure.

import type { Page } from '../api/types';

type Read<T> = { rows: T[]; cursor: string | null };

/** When the end of the fresh page is no longer among the rows, too much has changed: then only the fresh page counts. */
export function renewed<T>(rows: T[], cursor: string | null, fresh: Page<T>, same: (one: T, other: T) => boolean): Read<T> {
  const last = fresh.data.at(-1);
  const place = last === undefined ? -1 : rows.findIndex((row) => same(row, last));
  const below = place < 0 ? [] : rows.slice(place + 1).filter((row) => !fresh.data.some((one) => same(one, row)));
  if (fresh.next_cursor === null || below.length === 0) return { rows: fresh.data, cursor: fresh.next_cursor };
  return { rows: [...fresh.data, ...below], cursor };
}
