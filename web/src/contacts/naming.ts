// What a contact is called where there is room for one line. Pure.

import type { Contact } from '../api/types';

export function nameOf(person: Pick<Contact, 'name' | 'identities'>): string {
  return person.name || person.identities[0]?.address || 'Unknown';
}
