// The column of a timeline: of a long one only what is near the reader is drawn. What grows, comes or goes elsewhere never
// moves what the reader looks at.

import { flushSync } from 'svelte';
import { drawnIn, partAt, startsOf } from '../parts/heights';
import { guessOf, type Part } from './timeline';

/** Up to here all is drawn, so that the browser's own search finds it. */
const WHOLE = 120;
/** How far beyond the edge is drawn, in pixels. */
const SPARE = 900;

/** What stays where it is on the screen: a part, and how far below the upper edge it begins. */
type Hold = { key: string; below: number };

export class Column {
  #top = $state(0);
  #height = $state(800);
  #heights = new Map<string, number>();
  #measured = $state(0);
  /** What was touched may have been opened, changed or half written: it is not taken away. */
  #touched = $state.raw(new Set<string>());
  #hold: Hold | null = null;
  #box: HTMLElement | null = null;
  /** Where the column begins in what scrolls. */
  #head: HTMLElement | null = null;
  #keys = new WeakMap<Element, string>();
  #observer: ResizeObserver | null = null;

  /** Whether the reader is at the newest, and stays there whatever comes. */
  atEnd = $state(true);

  readonly #at: Map<string, number>;
  readonly #starts: number[];

  constructor(readonly parts: () => Part[]) {
    this.#at = $derived(new Map(this.parts().map((part, at) => [part.key, at])));
    this.#starts = $derived.by(() => {
      void this.#measured;
      return startsOf(this.parts().map((part) => this.#heights.get(part.key) ?? guessOf(part)));
    });
  }

  shown = $derived.by(() => {
    const parts = this.parts();
    if (parts.length <= WHOLE) return { drawn: parts.map((_, at) => ({ at, gap: 0 })), rest: 0 };
    const kept = [...this.#touched].map((key) => this.#at.get(key) ?? -1);
    return drawnIn(this.#starts, { top: this.#top, height: this.#height, spare: SPARE, kept });
  });

  /** Begins to look at the element that scrolls and at the column in it; gives what ends that. */
  watch(box: HTMLElement, head: HTMLElement): () => void {
    [this.#box, this.#head] = [box, head];
    this.#height = box.clientHeight;
    const observer = (this.#observer = new ResizeObserver((entries) => this.#learn(entries)));
    for (const part of head.querySelectorAll('[data-part]')) observer.observe(part);
    observer.observe(box);
    return () => {
      observer.disconnect();
      this.#observer = null;
    };
  }

  /** For `use:`: measures a part while it is drawn. */
  part = (element: HTMLElement, key: string) => {
    this.#keys.set(element, key);
    this.#observer?.observe(element);
    return { destroy: () => this.#observer?.unobserve(element) };
  };

  touch(key: string) {
    if (!this.#touched.has(key)) this.#touched = new Set(this.#touched).add(key);
  }

  #learn(entries: ResizeObserverEntry[]) {
    let changed = false;
    for (const { target, borderBoxSize } of entries) {
      const key = this.#keys.get(target);
      const height = borderBoxSize[0]?.blockSize ?? 0;
      if (target === this.#box) this.#height = target.clientHeight;
      else if (key !== undefined && Math.abs((this.#heights.get(key) ?? -1) - height) > 0.5) {
        this.#heights.set(key, height);
        changed = true;
      }
    }
    if (changed) this.#measured += 1;
    flushSync();
    this.settle();
  }

  /** The reader scrolled, or this did. */
  scrolled() {
    const box = this.#box;
    if (!box) return;
    const before = this.#top;
    this.#top = box.scrollTop;
    // Only scrolling up leaves the end: what grows below has not moved the reader.
    if (box.scrollHeight - box.scrollTop - box.clientHeight < 80) this.atEnd = true;
    else if (box.scrollTop < before) this.atEnd = false;
    this.#hold = this.#inSight();
  }

  #inSight(): Hold | null {
    const y = this.#top - this.#offset();
    const at = partAt(this.#starts, y);
    const key = this.parts()[at]?.key;
    return key === undefined ? null : { key, below: (this.#starts[at] as number) - y };
  }

  /** Puts what the reader looks at back to where it was on the screen. */
  settle() {
    const box = this.#box;
    if (!box) return;
    if (this.atEnd) this.#scroll(box.scrollHeight);
    else if (this.#hold) {
      const at = this.#at.get(this.#hold.key);
      if (at !== undefined) this.#scroll((this.#starts[at] as number) + this.#offset() - this.#hold.below);
    }
  }

  /** Scrolls without being taken for the reader. */
  #scroll(to: number) {
    const box = this.#box;
    if (!box) return;
    if (Math.abs(box.scrollTop - to) >= 1) box.scrollTop = to;
    this.#top = box.scrollTop;
  }

  toEnd() {
    this.atEnd = true;
    this.settle();
  }

  /** Brings a part to the middle, draws it, and keeps it there while what is around it learns its height. */
  reveal(key: string): boolean {
    const at = this.#at.get(key);
    if (at === undefined || !this.#box) return false;
    const tall = (this.#starts[at + 1] as number) - (this.#starts[at] as number);
    this.atEnd = false;
    this.#hold = { key, below: Math.max(16, (this.#box.clientHeight - tall) / 2) };
    this.settle();
    flushSync();
    this.settle();
    return true;
  }

  #offset(): number {
    return this.#head?.offsetTop ?? 0;
  }
}
