// In which order the accounts of a channel are used, in words. The server decides; this only says what its rule makes of
// the numbers on the cards: an account that can send before one that cannot, then the lowest priority, then by weight. Pure.

import type { ChannelAccount } from '../api/types';

export type Routed = Pick<ChannelAccount, 'id' | 'name' | 'channel' | 'enabled' | 'priority' | 'weight' | 'routing'>;

/** `tone`: an account that is left out for now is a thing to look at; one that waits for its turn is not. */
export type Turn = { words: string; tone: 'calm' | 'good' | 'warn' };

/** What reaches nobody comes last. */
const byChannel = (a: Routed, b: Routed) =>
  Number(a.channel === 'console') - Number(b.channel === 'console') || a.channel.localeCompare(b.channel);
const byName = (a: Routed, b: Routed) => a.name.localeCompare(b.name);

/** As routing would try them; what is switched off comes last. Channels stay together. */
export function inOrder<T extends Routed>(accounts: T[]): T[] {
  const rank = ({ enabled, routing }: Routed) => (!enabled ? 2 : routing.usable ? 0 : 1);
  return [...accounts].sort(
    (a, b) =>
      byChannel(a, b) || rank(a) - rank(b) || a.priority - b.priority || b.weight - a.weight || byName(a, b),
  );
}

/** What an account does among the others of its channel. Nothing where it is the only one, and works. */
export function turnOf(account: Routed, all: Routed[]): Turn | null {
  if (!account.enabled) return null;
  const peers = all.filter((one) => one.channel === account.channel && one.enabled).sort(byName);
  const working = peers.filter((one) => one.routing.usable);
  if (peers.length === 1) return account.routing.usable ? null : { words: 'Messages wait for it', tone: 'warn' };
  // When none can send, messages wait at the account that would go first.
  if (working.length === 0) return { ...place(account, peers, 'Messages wait for it'), tone: 'warn' };
  if (!account.routing.usable) return { words: 'Left out for now', tone: 'warn' };
  return place(account, working, 'Goes first');
}

function place(account: Routed, among: Routed[], first: string): Turn {
  const before = among.filter((one) => one.priority < account.priority);
  const part = share(account, among);
  if (before.length === 0) return part === null ? { words: first, tone: 'good' } : { words: `Share ${part}\u00a0%`, tone: 'good' };
  const nearest = Math.max(...before.map((one) => one.priority));
  const names = before.filter((one) => one.priority === nearest).map((one) => one.name);
  const when = `Steps in when ${names.join(' and ')} cannot send`;
  return { words: part === null ? when : `${when}, share ${part}\u00a0%`, tone: 'calm' };
}

/** Its part of what goes to the accounts of its priority, in percent; nothing when it has no equals. */
function share(account: Routed, among: Routed[]): number | null {
  const equals = among.filter((one) => one.priority === account.priority);
  if (equals.length < 2) return null;
  const whole = equals.reduce((sum, one) => sum + one.weight, 0);
  return Math.round((account.weight / whole) * 100);
}

/** Why it sends nothing at the moment, as a sentence with a capital. The card says elsewhere that it is switched off. */
export function hindrance({ enabled, routing }: Pick<Routed, 'enabled' | 'routing'>): string | null {
  if (!enabled || routing.usable) return null;
  const why = routing.why?.replace(/\.$/, '') ?? 'it cannot send';
  return `Not used now: ${why}`;
}
