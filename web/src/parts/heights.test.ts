import { expect, test } from 'vitest';
import { drawnIn, partAt, startsOf } from './heights';

const heights = [30, 100, 50, 400, 20, 100];
const starts = startsOf(heights);

test('a part is found by its place in the column', () => {
  expect(starts).toEqual([0, 30, 130, 180, 580, 600, 700]);
  expect([-10, 0, 29, 30, 179, 180, 599, 699, 9000].map((y) => partAt(starts, y))).toEqual([0, 0, 0, 1, 2, 3, 4, 5, 5]);
  expect(partAt(startsOf([]), 5)).toBe(0);
});

test('what is in sight is drawn, and the rest has its height', () => {
  const { drawn, rest } = drawnIn(starts, { top: 135, height: 50, spare: 0, kept: [] });
  expect(drawn).toEqual([{ at: 2, gap: 130 }, { at: 3, gap: 0 }]);
  expect(rest).toBe(120);
  expect(drawnIn(startsOf([]), { top: 0, height: 100, spare: 10, kept: [] })).toEqual({ drawn: [], rest: 0 });
});

test('what must stay is drawn wherever it is', () => {
  const { drawn, rest } = drawnIn(starts, { top: 590, height: 5, spare: 0, kept: [1, 77, -1] });
  expect(drawn).toEqual([{ at: 1, gap: 30 }, { at: 4, gap: 450 }]);
  expect(rest).toBe(100);
});

test('what is drawn and what is not are together always the whole column', () => {
  for (let top = -50; top < 800; top += 7) {
    for (const kept of [[], [0], [5, 2]]) {
      const { drawn, rest } = drawnIn(starts, { top, height: 90, spare: 40, kept });
      const sum = drawn.reduce((all, { at, gap }) => all + gap + (heights[at] as number), rest);
      expect(sum).toBe(700);
      for (const at of kept) expect(drawn.some((one) => one.at === at)).toBe(true);
    }
  }
});
