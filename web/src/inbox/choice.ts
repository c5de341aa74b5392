// Choosing several rows of a list. Pure.

export function toggled(chosen: Set<string>, id: string): Set<string> {
  const next = new Set(chosen);
  if (!next.delete(id)) next.add(id);
  return next;
}

/** Everything from the row chosen last to this one, whichever is on top. */
export function through(chosen: Set<string>, ids: string[], anchor: string | null, id: string): Set<string> {
  const from = anchor === null ? -1 : ids.indexOf(anchor);
  const to = ids.indexOf(id);
  if (from < 0 || to < 0) return new Set(chosen).add(id);
  return new Set([...chosen, ...ids.slice(Math.min(from, to), Math.max(from, to) + 1)]);
}

/** Rows that have left the list are no longer chosen: nothing is done to what cannot be seen. */
export function stillThere(chosen: Set<string>, ids: string[]): Set<string> {
  const there = new Set(ids);
  const next = [...chosen].filter((id) => there.has(id));
  return next.length === chosen.size ? chosen : new Set(next);
}
