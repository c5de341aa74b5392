// Which parts of a long column are drawn when each has a height of its own. Pure.

/** Where each part begins, and at the end where the last one ends. */
export function startsOf(heights: number[]): number[] {
  const starts = [0];
  for (const height of heights) starts.push((starts.at(-1) as number) + height);
  return starts;
}

/** The part at a height of the column: the first one that ends below it. */
export function partAt(starts: number[], y: number): number {
  let [low, high] = [0, Math.max(0, starts.length - 2)];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((starts[middle + 1] as number) > y) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** `gap`: the height of what is not drawn between this part and the one drawn before it. */
export type Drawn = { at: number; gap: number };

/**
 * The parts that are in sight, or nearer to it than `spare`, and those that must stay whatever is in sight. `rest` is the
 * height of what is not drawn below the last one.
 */
export function drawnIn(
  starts: number[],
  { top, height, spare, kept }: { top: number; height: number; spare: number; kept: number[] },
): { drawn: Drawn[]; rest: number } {
  const count = starts.length - 1;
  if (count <= 0) return { drawn: [], rest: 0 };
  const [first, last] = [partAt(starts, top - spare), partAt(starts, top + height + spare)];
  const wanted = new Set(kept.filter((at) => at >= 0 && at < count));
  for (let at = first; at <= last; at++) wanted.add(at);
  let end = 0;
  const drawn = [...wanted]
    .sort((a, b) => a - b)
    .map((at) => {
      const gap = (starts[at] as number) - end;
      end = starts[at + 1] as number;
      return { at, gap };
    });
  return { drawn, rest: (starts[count] as number) - end };
}
