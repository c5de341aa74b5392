// Moves one of a list up or down, and says which positions that changes. Pure.

type Placed = { id: string; position: number };

/** Positions are counted anew, as several may have had the same. */
export function moved<T extends Placed>(list: T[], id: string, by: -1 | 1): { id: string; position: number }[] {
  const from = list.findIndex((one) => one.id === id);
  const to = from + by;
  const [mover, other] = [list[from], list[to]];
  if (!mover || !other) return [];
  const next = [...list];
  [next[from], next[to]] = [other, mover];
  return next.map((one, position) => ({ one, position })).filter(({ one, position }) => one.position !== position).map(({ one, position }) => ({ id: one.id, position }));
}
