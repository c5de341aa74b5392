// Which line of a list that grows while one types is the one that Enter takes: the first, until somebody moves to another.

const MOVES = ['ArrowDown', 'ArrowUp', 'Home', 'End', 'PageDown', 'PageUp'];

export class Standing {
  at = $state('');
  #moved = false;

  /** Call while a component starts. `asked`: what is typed; `first`: the line on top at present. */
  constructor(asked: () => string, first: () => string | undefined) {
    $effect(() => {
      asked();
      this.#moved = false;
    });
    $effect(() => {
      asked();
      const top = first() ?? '';
      if (!this.#moved) this.at = top;
    });
  }

  pressed = (event: KeyboardEvent) => {
    if (MOVES.includes(event.key)) this.#moved = true;
  };

  pointed = () => {
    this.#moved = true;
  };
}
