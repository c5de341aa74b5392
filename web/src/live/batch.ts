// Collects a burst into one delivery: the first item at once, the rest at most once per interval.

export class Batch<T> {
  #waiting: T[] = [];
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(
    private readonly deliver: (items: T[]) => void,
    private readonly interval: number,
  ) {}

  add(item: T) {
    this.#waiting.push(item);
    if (this.#timer === null) this.#flush();
  }

  #flush() {
    const items = this.#waiting;
    this.#waiting = [];
    this.#timer = setTimeout(() => {
      this.#timer = null;
      if (this.#waiting.length > 0) this.#flush();
    }, this.interval);
    this.deliver(items);
  }
}
