// Finds the names of those mentioned in a note. Pure.

import type { Named } from '../api/types';

type Part = { text: string; mention: string | null };

/** The longest name first: `@Kim Doe` is not Kim. */
export function withMentions(text: string, mentions: Named[]): Part[] {
  const names = [...mentions].sort((a, b) => b.name.length - a.name.length);
  const parts: Part[] = [];
  let plain = '';
  for (let at = 0; at < text.length; ) {
    const found = text[at] === '@' ? names.find(({ name }) => name !== '' && text.startsWith(name, at + 1)) : undefined;
    if (found) {
      if (plain) parts.push({ text: plain, mention: null });
      plain = '';
      parts.push({ text: `@${found.name}`, mention: found.id });
      at += found.name.length + 1;
    } else plain += text[at++];
  }
  if (plain) parts.push({ text: plain, mention: null });
  return parts;
}
