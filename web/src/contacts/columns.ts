// The columns of the contacts table, and which of them this browser shows. Pure.

export type Column = { id: string; name: string; width: number };

/** Widths are the least in pixels; what is left over is shared. The name always shows. */
export const fixedColumns: Column[] = [
  { id: 'address', name: 'Address', width: 200 },
  { id: 'channels', name: 'Channels', width: 100 },
  { id: 'owner', name: 'Owner', width: 130 },
  { id: 'last_seen', name: 'Last seen', width: 90 },
  { id: 'first_seen', name: 'First seen', width: 90 },
  { id: 'time_zone', name: 'Time zone', width: 130 },
  { id: 'locale', name: 'Language', width: 90 },
];

export const usualColumns = ['address', 'channels', 'owner', 'last_seen'];

const ATTRIBUTE = 'attribute:';

export const attributeColumn = (key: string): Column => ({ id: ATTRIBUTE + key, name: key, width: 120 });

export const attributeKey = (id: string): string | null => (id.startsWith(ATTRIBUTE) ? id.slice(ATTRIBUTE.length) : null);

/** Every column there is: the fixed ones, then the attributes that the rows have, and those chosen before. */
export function columnsOf(rows: { attributes?: Record<string, unknown> }[], chosen: string[]): Column[] {
  const keys = new Set(rows.flatMap((row) => Object.keys(row.attributes ?? {})));
  for (const id of chosen) {
    const key = attributeKey(id);
    if (key) keys.add(key);
  }
  return [...fixedColumns, ...[...keys].sort((a, b) => a.localeCompare(b)).map(attributeColumn)];
}

/** What was kept, as far as it can still be read. */
export function chosenFrom(kept: string | null): string[] {
  try {
    const read: unknown = JSON.parse(kept ?? '');
    if (Array.isArray(read) && read.every((id) => typeof id === 'string')) return read;
  } catch {
    // Nothing was kept, or somebody else wrote it.
  }
  return usualColumns;
}
