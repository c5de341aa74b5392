// Messages chosen in a timeline, to be moved to another conversation or split off.

import { toggled } from './choice';

export class Choosing {
  on = $state(false);
  ids = $state.raw(new Set<string>());

  start(id?: string) {
    this.on = true;
    if (id) this.ids = new Set([id]);
  }

  toggle(id: string) {
    this.ids = toggled(this.ids, id);
  }

  stop() {
    this.on = false;
    this.ids = new Set();
  }
}
