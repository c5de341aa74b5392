// What a person typed as the value of an attribute, as the kind of value it is. Pure.

import type { AttributeValue } from '../api/types';

export type ValueKind = 'text' | 'number' | 'yes or no';

export const kindOf = (value: AttributeValue): ValueKind =>
  typeof value === 'number' ? 'number' : typeof value === 'boolean' ? 'yes or no' : 'text';

export const typed = (value: AttributeValue): string => (typeof value === 'boolean' ? (value ? 'yes' : 'no') : String(value));

/** The kind that an attribute has stays its kind: a `7` typed for a text is a text. Nothing fitting is `null`. */
export function valueFrom(text: string, kind: ValueKind): AttributeValue | null {
  const given = text.trim();
  if (kind === 'number') return given === '' || Number.isNaN(Number(given)) ? null : Number(given);
  if (kind === 'yes or no') return given === 'yes' ? true : given === 'no' ? false : null;
  return given === '' ? null : given;
}
