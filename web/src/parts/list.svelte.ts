// What every list of pages does: it asks when its question changes, stays fresh by events, and is walked by keys.

import { untrack } from 'svelte';
import type { FeedEvent } from '../api/types';
import { useKeys, type Key } from '../frame/keys.svelte';
import { listen } from '../live/stream.svelte';
import type { Pages } from './pages.svelte';

type Row = { id: string };
const sameId = (one: Row, other: Row) => one.id === other.id;

/** Call while a component starts. `concerns` says which events may have changed a row. */
export function keepFresh<T extends Row>(pages: () => Pages<T>, concerns: (event: FeedEvent) => boolean) {
  $effect(() => {
    const shown = pages();
    untrack(() => void shown.load());
    const refresh = () => void shown.refresh(sameId);
    return listen((events) => events.some(concerns) && refresh(), refresh);
  });
}

type Walk<T> = {
  /** What a row is called: "Next contact". */
  one: string;
  rows: () => T[];
  open: (row: T) => void;
  /** Where Escape leads. */
  back: () => void;
  more?: () => Key[];
};

/** The row that j and k stand on. Draw it with `data-at`. */
export class Mark {
  at = $state(-1);
}

/** Call while a component starts. */
export function walkRows<T>(title: string, { one, rows, open, back, more }: Walk<T>): Mark {
  const mark = new Mark();
  const openAt = () => {
    const row = rows()[mark.at];
    if (row) open(row);
  };
  const moveTo = (at: number) => {
    // Enter belongs to a button that has the focus: whoever walks on has left it.
    if (document.activeElement instanceof HTMLButtonElement) document.activeElement.blur();
    if (rows().length > 0) mark.at = Math.max(0, Math.min(at, rows().length - 1));
  };
  useKeys(title, () => [
    { key: 'j', does: `Next ${one}`, act: () => moveTo(mark.at + 1) },
    { key: 'k', does: `Previous ${one}`, act: () => moveTo(mark.at - 1) },
    { key: 'Enter', does: 'Open', act: openAt },
    { key: 'Escape', does: 'Back to the list', act: back },
    ...(more?.() ?? []),
  ]);
  $effect(() => {
    if (mark.at >= 0) document.querySelector('[data-at=true]')?.scrollIntoView({ block: 'nearest' });
  });
  return mark;
}
