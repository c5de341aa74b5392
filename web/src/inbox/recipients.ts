// Who gets an answer, and how addresses are typed. Pure.

import type { Address, Message } from '../api/types';

type Written = Pick<Message, 'direction' | 'from' | 'reply_to' | 'to' | 'cc'>;
export type Recipients = { to: Address[]; cc: Address[] };

const same = (a: Address, b: Address) => a.address.toLowerCase() === b.address.toLowerCase();
const without = (list: Address[], others: Address[]) => list.filter((one) => !others.some((other) => same(one, other)));

/** An answer goes where the writer asked for it. After a message of our own it goes to the same people again. */
export function answerTo(message: Written): Recipients {
  if (message.direction === 'outbound') return { to: message.to, cc: [] };
  const writer = message.reply_to ?? message.from;
  return { to: writer ? [writer] : [], cc: [] };
}

/** Everybody who got it too, but none of our own addresses, and nobody twice. */
export function answerAll(message: Written, isOwn: (address: string) => boolean): Recipients {
  const { to } = answerTo(message);
  const others = message.direction === 'outbound' ? message.cc : [...message.to, ...message.cc];
  return { to, cc: unique(without(others, to)).filter(({ address }) => !isOwn(address)) };
}

/** Whether an address is one of ours: `known` has whole addresses, and domains as `@example.com`. Tags do not count. */
export function ownAmong(known: string[]): (address: string) => boolean {
  const ours = new Set(known.map((one) => one.toLowerCase()));
  return (address) => {
    const plain = address.toLowerCase().replace(/\+[^@]*@/, '@');
    return ours.has(address.toLowerCase()) || ours.has(plain) || ours.has(plain.slice(plain.lastIndexOf('@')));
  };
}

export function unique(list: Address[]): Address[] {
  return list.filter((one, at) => list.findIndex((other) => same(one, other)) === at);
}

export function added(list: Address[], more: Address[]): Address[] {
  return unique([...list, ...more]);
}

/** Reads what was typed or pasted: `Jane Doe <jane@example.com>, bob@example.com`. What has no `@` stays unread. */
export function typed(text: string): { read: Address[]; rest: string } {
  const read: Address[] = [];
  const rest: string[] = [];
  for (const piece of pieces(text)) {
    const named = /^"?([^"<]*?)"?\s*<([^<>\s]+@[^<>\s]+)>$/.exec(piece);
    if (named) read.push(named[1]?.trim() ? { name: named[1].trim(), address: named[2] ?? '' } : { address: named[2] ?? '' });
    else if (/^[^\s@<>]+@[^\s@<>]+$/.test(piece)) read.push({ address: piece });
    else if (piece) rest.push(piece);
  }
  return { read, rest: rest.join(', ') };
}

/** Splits at commas, semicolons and line ends, but not inside quotes. */
function pieces(text: string): string[] {
  return (text.match(/(?:"[^"]*"|[^,;\n"])+/g) ?? []).map((piece) => piece.trim());
}

/** The addresses of a draft, written out or in parts. */
export const readAll = (list: (string | Address)[] | undefined): Address[] =>
  (list ?? []).flatMap((one) => (typeof one === 'string' ? typed(one).read : [one]));

/** What the API takes. */
export const spelledOut = ({ name, address }: Address): string =>
  name ? `${/[,;<>"@]/.test(name) ? `"${name.replaceAll('"', '')}"` : name} <${address}>` : address;

/** The subject of a forwarded message, marked once. */
export const forwarded = (subject: string): string => (/^(fwd?|wg|tr|rv):/i.test(subject) ? subject : `Fwd: ${subject}`);
