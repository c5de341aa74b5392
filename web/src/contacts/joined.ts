// A preview of two contacts as one. The server decides; this only shows what it will do. Pure.

import type { Contact } from '../api/types';

export type Joined = Pick<Contact, 'name' | 'identities'> & { kept: string[] };

/** `kept`: attributes that both have with different values. The one that stays wins. */
export function joined(stays: Contact, goes: Contact): Joined {
  const known = new Set(stays.identities.map((one) => `${one.channel} ${one.address}`));
  const kept = Object.entries(goes.attributes ?? {})
    .filter(([key, value]) => key in (stays.attributes ?? {}) && stays.attributes[key] !== value)
    .map(([key]) => key);
  return {
    name: stays.name || goes.name,
    identities: [...stays.identities, ...goes.identities.filter((one) => !known.has(`${one.channel} ${one.address}`))],
    kept,
  };
}
