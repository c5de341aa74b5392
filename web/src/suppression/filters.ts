// The filters of the suppression list, as the address of the page carries them and as the server is asked. Pure.

import type { SuppressionQuery } from '../api/suppressions';

/** Only what is asked for; the server says when it knows no such reason or channel. */
export function queryOf(address: URLSearchParams): SuppressionQuery {
  const asked = ['q', 'reason', 'channel'].map((name) => [name, address.get(name)?.trim()]).filter(([, value]) => value);
  return Object.fromEntries(asked) as SuppressionQuery;
}
