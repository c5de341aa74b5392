// Small words made from data.

import type { Address } from '../api/types';

export function nameOf(person: { name?: string | null; address?: string } | null | undefined, fallback = 'Unknown'): string {
  return person?.name?.trim() || person?.address || fallback;
}

/** `Jane Doe <jane@example.com>`, or only the address. */
export function written(address: Address): string {
  return address.name ? `${address.name} <${address.address}>` : address.address;
}

export function initials(name: string): string {
  const words = name.split(/[\s@._-]+/).filter((word) => /\p{L}|\p{N}/u.test(word));
  const letters = name.includes('@') ? words.slice(0, 1) : [words[0], words.length > 1 ? words.at(-1) : undefined];
  return letters
    .filter((word) => word !== undefined)
    .map((word) => [...word][0]?.toUpperCase() ?? '')
    .join('') || '?';
}

export function size(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  if (bytes < 1_000_000) return `${Math.round(bytes / 1000)} kB`;
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}

/** For places with room for four characters: `980`, `3.3k`, `120k`. */
export function short(number: number): number | string {
  if (number < 1000) return number;
  return number < 9950 ? `${(number / 1000).toFixed(1)}k` : `${Math.round(number / 1000)}k`;
}

export function count(number: number, one: string, many = `${one}s`): string {
  return `${number.toLocaleString('en-GB')} ${number === 1 ? one : many}`;
}

/** `smtp_timeout` → `Smtp timeout`. For codes that have no better words here. */
export function spelled(code: string): string {
  const words = code.replaceAll(/[_.-]+/g, ' ').trim();
  return (words.charAt(0).toUpperCase() + words.slice(1)).replace(/^Api\b/, 'API');
}
