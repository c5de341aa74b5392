// How the accounts of a channel take turns, as the server says it: only the colours and the grouping are made here. Pure.

import type { ChannelAccount } from '../api/types';

export type Routed = Pick<ChannelAccount, 'name' | 'channel' | 'enabled' | 'routing'>;

/** `tone`: an account that is left out for now is a thing to look at; one that waits for its turn is not. */
export type Tone = 'calm' | 'good' | 'warn';

const tones: Record<NonNullable<Routed['routing']['turn']>['role'], Tone> = {
  only: 'good',
  first: 'good',
  stands_in: 'calm',
  tried: 'warn',
  left_out: 'warn',
  awaited_first: 'warn',
};

/** Channels stay together, what reaches nobody last; within one, in the order in which the server asks them. */
export function inOrder<T extends Routed>(accounts: T[]): T[] {
  const isConsole = (one: T) => Number(one.channel === 'console');
  return [...accounts].sort(
    (a, b) => isConsole(a) - isConsole(b) || a.channel.localeCompare(b.channel) || a.routing.place - b.routing.place,
  );
}

/** What an account does among the others. That the only one sends everything needs no words. */
export function turnOf({ routing: { turn } }: Routed): { words: string; tone: Tone } | null {
  return turn && turn.role !== 'only' ? { words: turn.words, tone: tones[turn.role] } : null;
}

/** Why it sends nothing at the moment, as a sentence with a capital. The card says elsewhere that it is switched off. */
export function hindrance({ enabled, routing }: Pick<Routed, 'enabled' | 'routing'>): string | null {
  if (!enabled || routing.usable) return null;
  const why = routing.why?.replace(/\.$/, '') ?? 'it cannot send';
  return `Not used now: ${why}`;
}
