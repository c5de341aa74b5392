// Which rows of a long list are drawn. Pure: every row has the same height.

export type Slice = { from: number; to: number; before: number; after: number };

/** `before` and `after` are the heights in pixels of what is not drawn. */
export function visible(scrolled: number, height: number, row: number, rows: number, spare = 6): Slice {
  const first = Math.floor(Math.max(0, scrolled) / row);
  const from = Math.max(0, Math.min(first - spare, rows));
  const to = Math.max(from, Math.min(rows, first + Math.ceil(height / row) + spare));
  return { from, to, before: from * row, after: (rows - to) * row };
}

/** Where to scroll so that a row is wholly seen; the same place when it is already. */
export function revealing(at: number, scrolled: number, height: number, row: number): number {
  const top = at * row;
  if (top < scrolled) return top;
  if (top + row > scrolled + height) return top + row - height;
  return scrolled;
}
