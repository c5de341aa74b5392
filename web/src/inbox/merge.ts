// Joins a fresh first page with the rows on screen, newest activity first. Pure.

type Row = { id: string; last_activity_at: string };

/** Rows that the fresh page covers in time but does not name have left the view. */
export function mergeFirstPage<T extends Row>(rows: T[], fresh: T[], isWhole: boolean): T[] {
  const oldest = fresh.at(-1)?.last_activity_at;
  if (isWhole || oldest === undefined) return fresh;
  const named = new Set(fresh.map((row) => row.id));
  return [...fresh, ...rows.filter((row) => !named.has(row.id) && row.last_activity_at <= oldest)];
}

/** Messages by id, oldest first; what is newer in `fresh` replaces what was there. */
export function mergeMessages<T extends { id: string; created_at: string }>(messages: T[], fresh: T[]): T[] {
  const all = new Map(messages.map((message) => [message.id, message]));
  for (const message of fresh) all.set(message.id, message);
  return [...all.values()].sort((a, b) => compare(a.created_at, b.created_at) || compare(a.id, b.id));
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
