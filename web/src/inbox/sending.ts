// Sends a message so that trying again after a lost answer cannot send it twice.

import { messages } from '../api/calls';
import { newKey } from '../api/client';
import type { Accepted, NewMessage } from '../api/types';

/** Keeps one key as long as the message stays the same; another text is another message. */
export class Sending {
  #written = '';
  #key = '';

  async send(message: NewMessage): Promise<Accepted> {
    const written = JSON.stringify(message);
    if (written !== this.#written) {
      this.#written = written;
      this.#key = newKey();
    }
    const accepted = await messages.send(message, this.#key);
    this.#written = '';
    return accepted;
  }
}
