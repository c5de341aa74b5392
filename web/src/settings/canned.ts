// Canned responses while they are written: the variables there are, and a preview with made-up values. Pure. What is
// really filled in, and what is refused, the server decides.

export type VariableChoice = { name: string; words: string; sample: string };

export const variables: VariableChoice[] = [
  { name: 'contact.first_name', words: 'First name of the contact', sample: 'Jane' },
  { name: 'contact.name', words: 'Whole name of the contact', sample: 'Jane Doe' },
  { name: 'contact.email', words: 'Email address of the contact', sample: 'jane@example.com' },
  { name: 'agent.first_name', words: 'Your first name', sample: 'Sam' },
  { name: 'agent.name', words: 'Your whole name', sample: 'Sam Lee' },
  { name: 'conversation.subject', words: 'Subject of the conversation', sample: 'Invoice INV-1042' },
  { name: 'conversation.id', words: 'Id of the conversation', sample: 'cnv_01j9…' },
  { name: 'business.name', words: 'Name of the business', sample: 'Northwind' },
];

const ATTRIBUTE = 'contact.attributes.';

export type Piece = { text: string; kind: 'text' | 'filled' | 'unknown' };

/** The text in pieces: as it is, filled in with a sample, or a name that nothing is known of. */
export function preview(text: string): Piece[] {
  const pieces: Piece[] = [];
  let end = 0;
  for (const found of text.matchAll(/\{\{([^{}]*)\}\}/g)) {
    if (found.index > end) pieces.push({ text: text.slice(end, found.index), kind: 'text' });
    pieces.push(filled(found[1] ?? '', found[0]));
    end = found.index + found[0].length;
  }
  if (end < text.length) pieces.push({ text: text.slice(end), kind: 'text' });
  return pieces;
}

function filled(inside: string, whole: string): Piece {
  const [name = '', ...rest] = inside.split('|');
  const wanted = name.trim();
  const known = variables.find((one) => one.name === wanted);
  if (known) return { text: known.sample, kind: 'filled' };
  if (wanted.length > ATTRIBUTE.length && wanted.startsWith(ATTRIBUTE)) {
    return { text: rest.join('|').trim() || wanted.slice(ATTRIBUTE.length), kind: 'filled' };
  }
  return { text: whole, kind: 'unknown' };
}

/** Puts something where the cursor is, or over what is marked; `cursor` is where it stands afterwards. */
export function inserted(text: string, from: number, to: number, what: string): { text: string; cursor: number } {
  return { text: text.slice(0, from) + what + text.slice(to), cursor: from + what.length };
}
