// The filters of the contacts page, as the address of the page carries them and as the server is asked. Pure.

import type { ContactQuery } from '../api/people';

const DAY = 86_400_000;

export const seenChoices = [
  { id: '1d', name: 'Seen today', days: 1, within: true },
  { id: '7d', name: 'Seen in the last 7 days', days: 7, within: true },
  { id: '30d', name: 'Seen in the last 30 days', days: 30, within: true },
  { id: 'not-30d', name: 'Not seen for 30 days', days: 30, within: false },
  { id: 'not-180d', name: 'Not seen for 180 days', days: 180, within: false },
];

export const filterNames = ['owner', 'channel', 'attribute', 'seen'] as const;

/** What the server is asked. Times are cut to the hour, so that the same question stays the same question. */
export function queryOf(address: URLSearchParams, now: Date): ContactQuery {
  const given = (name: string) => address.get(name) || undefined;
  const seen = seenChoices.find((choice) => choice.id === address.get('seen'));
  const hour = Math.floor(now.getTime() / 3_600_000) * 3_600_000;
  const edge = seen && new Date(hour - seen.days * DAY).toISOString();
  return {
    q: given('q'),
    owner: given('owner'),
    // The server says when it knows no such channel.
    channel: given('channel') as ContactQuery['channel'],
    attribute: given('attribute'),
    seen_after: seen?.within ? edge : undefined,
    seen_before: seen && !seen.within ? edge : undefined,
    sort: address.get('sort') === 'name' ? 'name' : 'newest',
  };
}

export function hasFilters(address: URLSearchParams): boolean {
  return filterNames.some((name) => address.get(name));
}

/** `plan:Pro`; nothing without both. */
export function attributeOf(key: string, value: string): string | null {
  const name = key.trim();
  return name && value.trim() ? `${name}:${value.trim()}` : null;
}

export function attributeParts(filter: string): { key: string; value: string } {
  const at = filter.indexOf(':');
  return at < 0 ? { key: filter, value: '' } : { key: filter.slice(0, at), value: filter.slice(at + 1) };
}
