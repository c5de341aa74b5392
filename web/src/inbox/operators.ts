// The words of a search: which are operators, for marking while typing and for suggestions. Pure. The server decides what
// a search means; here nothing is refused.

/** `people`: its value is a person, of whom the server knows more than a page can. */
export type Operator = { name: string; hint: string; values?: string[]; people?: boolean };

export const operators: Operator[] = [
  { name: 'from', hint: 'who wrote', values: ['me'], people: true },
  { name: 'to', hint: 'who got it', people: true },
  { name: 'subject', hint: 'words in the subject' },
  { name: 'is', hint: 'its state', values: ['open', 'pending', 'snoozed', 'resolved', 'unread', 'mine', 'unassigned', 'tray'] },
  { name: 'assignee', hint: 'whose it is', values: ['me', 'none'] },
  { name: 'team', hint: 'whose team it is' },
  { name: 'tag', hint: 'its tags' },
  { name: 'has', hint: 'what is in it', values: ['attachment', 'note'] },
  { name: 'in', hint: 'where', values: ['inbox', 'tray', 'notes'] },
  { name: 'priority', hint: 'how urgent', values: ['low', 'normal', 'high', 'urgent'] },
  { name: 'channel', hint: 'how it came', values: ['email'] },
  { name: 'after', hint: 'a date, or 7d', values: ['1d', '7d', '30d'] },
  { name: 'before', hint: 'a date, or 7d', values: ['7d', '30d', '365d'] },
];

export type Piece = { text: string; kind: 'space' | 'operator' | 'word'; at: number };

/** Every character of the query is in exactly one piece. */
export function piecesOf(query: string): Piece[] {
  const pieces: Piece[] = [];
  for (const found of query.matchAll(/\s+|-?[a-z]+:(?:"[^"]*"?|\S*)|-?"[^"]*"?|\S+/gi)) {
    const text = found[0];
    const name = /^-?([a-z]+):/i.exec(text)?.[1]?.toLowerCase();
    const kind = /^\s/.test(text) ? 'space' : name && operators.some((one) => one.name === name) ? 'operator' : 'word';
    pieces.push({ text, kind, at: found.index });
  }
  return pieces;
}

export type Suggestion = { text: string; hint: string; query: string; caret: number };

/** A value that somebody else has found to fit. */
export type Value = { value: string; hint: string };

type Word = { minus: string; bare: string; operator: Operator | undefined; wanted: string; from: number; to: number };

/** The word in which the caret stands; an empty one between words. */
function wordAt(query: string, caret: number): Word {
  const piece = piecesOf(query).find(({ at, text, kind }) => kind !== 'space' && at < caret && caret <= at + text.length);
  const written = piece?.text ?? '';
  const minus = written.startsWith('-') ? '-' : '';
  const bare = written.slice(minus.length);
  const colon = bare.indexOf(':');
  const operator = colon < 0 ? undefined : operators.find(({ name }) => name === bare.slice(0, colon).toLowerCase());
  const wanted = bare.slice(colon + 1).replace(/^"|"$/g, '').toLowerCase();
  const from = piece?.at ?? caret;
  return { minus, bare, operator, wanted, from, to: from + written.length };
}

/** What is typed of a person's name or address behind `from:` or `to:`: only the server knows everybody. */
export function personWanted(query: string, caret: number): string | null {
  const { operator, wanted } = wordAt(query, caret);
  return operator?.people && wanted !== '' ? wanted : null;
}

/** `known`: the values of operators that are lists of names, such as tags and teams. `found`: people who fit what is typed. */
export function suggestions(
  query: string,
  caret: number,
  known: Record<string, string[]> = {},
  found: Value[] = [],
): Suggestion[] {
  const { minus, bare, operator, wanted, ...place } = wordAt(query, caret);
  if (!bare.includes(':')) {
    if (/["*]/.test(bare)) return [];
    return operators
      .filter(({ name }) => name.startsWith(bare.toLowerCase()))
      .map(({ name, hint }) => put(query, place, `${minus}${name}:`, hint, ''));
  }
  if (!operator) return [];
  const fits = (value: string) => value.toLowerCase() !== wanted && ` ${value.toLowerCase()}`.includes(` ${wanted}`);
  const values = [...(operator.values ?? []), ...(known[operator.name] ?? [])].filter(fits).map((value) => ({ value, hint: '' }));
  const persons = operator.people && wanted !== '' ? found.filter(({ value }) => value.toLowerCase() !== wanted) : [];
  return [...values, ...persons]
    .slice(0, 8)
    .map(({ value, hint }) => put(query, place, `${minus}${operator.name}:${quoted(value)}`, hint, ' '));
}

function put(query: string, { from, to }: { from: number; to: number }, text: string, hint: string, after: string): Suggestion {
  const before = query.slice(0, from) + text + after;
  return { text, hint, query: before + query.slice(to).replace(/^\s+/, ''), caret: before.length };
}

const quoted = (value: string) => (/\s/.test(value) ? `"${value}"` : value);
