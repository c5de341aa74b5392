// What a column of a file may become. Pure.

import type { ImportFormat } from '../api/types';

export type Target = { id: string; name: string };

/** Attributes are the third kind, with a name of their own: `attribute:company`. */
export const targets: Target[] = [
  { id: 'ignore', name: 'Leave out' },
  { id: 'name', name: 'Name' },
  { id: 'email', name: 'Email address' },
  { id: 'phone', name: 'Phone number' },
  { id: 'owner', name: 'Owner' },
  { id: 'time_zone', name: 'Time zone' },
  { id: 'locale', name: 'Language' },
];

const ATTRIBUTE = 'attribute:';

export const isAttribute = (target: string) => target.startsWith(ATTRIBUTE);
export const attributeName = (target: string) => target.slice(ATTRIBUTE.length);
export const asAttribute = (name: string) => ATTRIBUTE + name.trim();

/** `Company name` → `company_name`: names have the letters a to z, digits and underscores. */
export function attributeNameFrom(column: string): string {
  const words = column.normalize('NFKD').replaceAll(/\p{M}/gu, '').toLowerCase().match(/[a-z0-9]+/g) ?? [];
  return words.join('_') || 'attribute';
}

/** Why the mapping cannot be used yet, in words; nothing when it can. */
export function wrongWith(mapping: Record<string, string>): string | null {
  const used = Object.values(mapping);
  if (!used.includes('email') && !used.includes('phone')) return 'Choose a column that becomes the email address or phone number.';
  const nameless = Object.entries(mapping).find(([, target]) => isAttribute(target) && !attributeName(target).trim());
  if (nameless) return `Give the attribute for “${nameless[0]}” a name.`;
  const twice = used.find((target, at) => (target === 'name' || isAttribute(target)) && used.indexOf(target) !== at);
  return twice ? `Two columns become ${isAttribute(twice) ? attributeName(twice) : 'the name'}.` : null;
}

export function formatOf(filename: string): ImportFormat {
  return /\.(vcf|vcard)$/i.test(filename) ? 'vcard' : 'csv';
}
