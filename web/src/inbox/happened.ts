// What happened to a message, in words. Pure.

import type { Message, MessageEvent } from '../api/types';
import { spelled } from '../parts/words';

export type Told = { words: string; tone: 'calm' | 'warn' | 'bad'; hint: string | null };

/** The events whose codes say too little by themselves. */
const told: Record<string, string> = {
  rerouted: 'Goes on through another account',
  blocked: 'Stopped by a rule',
  deferred: 'Put off by the recipient’s server',
  complained: 'Marked as spam by the recipient',
  reconciled: 'Looked up at the provider',
  resent: 'Sent again',
  retried: 'Queued again by a person',
  other: 'Something that has no name here',
};

const MACHINE = 'A mail scanner or privacy service does this too: it is no sign that a person saw it.';

export function happened(event: MessageEvent): Told {
  const who = event.recipient ? ` for ${event.recipient}` : '';
  if (event.kind === 'blocked') {
    const why = onList(event) ? 'suppressed' : event.code ? spelled(event.code).toLowerCase() : 'a rule forbids it';
    return { words: event.recipient ? `Not sent to ${event.recipient}: ${why}` : 'Stopped by a rule', tone: 'bad', hint: null };
  }
  if (event.kind === 'opened' || event.kind === 'clicked') {
    const what = event.kind === 'opened' ? 'Opened' : 'Link clicked';
    if (machine(event)) return { words: `${what} by a machine`, tone: 'calm', hint: MACHINE };
    return { words: `${what}${event.recipient ? ` by ${event.recipient}` : ''}`, tone: 'calm', hint: null };
  }
  const words = `${told[event.kind] ?? spelled(event.kind)}${who}`;
  return { words, tone: event.kind === 'rerouted' || event.kind === 'deferred' ? 'warn' : 'calm', hint: null };
}

const ON_LIST = ['suppressed', 'hard_bounce', 'complaint', 'unsubscribed', 'manual'];

/** Whether the suppression list is where the reason stands. */
export const onList = ({ kind, code }: Pick<MessageEvent, 'kind' | 'code'>) => kind === 'blocked' && ON_LIST.includes(code ?? '');

/** Told by the server; events from before it did carry it as their code. */
const machine = ({ machine: told, code }: MessageEvent) => told ?? code === 'machine';

/** `Blocked: suppressed`: the state alone does not say what to do about it. */
export function isSuppressed({ state, state_reason: reason }: Pick<Message, 'state' | 'state_reason'>): boolean {
  return state === 'blocked' && reason?.code === 'suppressed';
}

/** What stands under the words of an event: the other side's code and sentence, without codes that the words tell already. */
export function evidence(event: MessageEvent): string {
  const isTold = onList(event) || machine(event);
  return vendorWords(isTold ? null : event.code, event.detail);
}

/** A code and the words with it. Mail servers say the second half of their code again in the words: once is enough. */
export function vendorWords(code: string | null | undefined, detail: string): string {
  const [plain, enhanced] = code?.split(' ') ?? [];
  const told = plain && enhanced && detail.startsWith(enhanced) ? plain : code;
  return [told, detail].filter(Boolean).join(' ');
}

/** The entries about an address on the suppression list. */
export const suppressionOf = (address: string) => `/contacts/suppression?q=${encodeURIComponent(address)}`;
