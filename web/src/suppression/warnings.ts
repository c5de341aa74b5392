// What is said before sending to somebody who is on the suppression list. Pure: `now` is given.

import type { Suppression } from '../api/suppressions';
import { because } from './reasons';

export type Warning = { address: string; text: string; blocks: boolean };

/** An answer in a conversation still reaches who has unsubscribed; nothing reaches the others. */
export function warningOf(entry: Pick<Suppression, 'address' | 'reason' | 'created_at'>, isAnswer: boolean, now: Date): Warning {
  const blocks = !(entry.reason === 'unsubscribed' && isAnswer);
  const rest = blocks ? 'It will not be sent there.' : 'Your answer is sent all the same.';
  return { address: entry.address, blocks, text: `is suppressed: ${because(entry, now)}. ${rest}` };
}

/** Whether nobody at all would get the message. */
export function reachesNobody(to: string[], warnings: Warning[]): boolean {
  const blocked = new Set(warnings.filter(({ blocks }) => blocks).map(({ address }) => address.toLowerCase()));
  return to.length > 0 && to.every((address) => blocked.has(address.toLowerCase()));
}
