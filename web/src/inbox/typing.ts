// What is being typed right before the caret that asks for a list: `/` at a line's start, or `@` before a name. Pure.

import type { Named } from '../api/types';
import { withMentions } from './mentions';

export type Asked = { kind: 'canned' | 'mention'; query: string; from: number; to: number };

export function askedAt(text: string, caret: number): Asked | null {
  const line = text.slice(text.lastIndexOf('\n', caret - 1) + 1, caret);
  const slash = /^\/([\p{L}\p{N}_-]*)$/u.exec(line);
  if (slash) return { kind: 'canned', query: slash[1] ?? '', from: caret - line.length, to: caret };
  // A name may have one space inside; two words are as much as a list should follow.
  const mention = /(?:^|[\s(])@([\p{L}\p{N}._-]*(?: [\p{L}\p{N}._-]*)?)$/u.exec(line);
  if (mention) return { kind: 'mention', query: mention[1] ?? '', from: caret - (mention[1] ?? '').length - 1, to: caret };
  return null;
}

export function replaced(text: string, { from, to }: { from: number; to: number }, by: string): { text: string; caret: number } {
  return { text: text.slice(0, from) + by + text.slice(to), caret: from + by.length };
}

/** The ids of those whose `@Name` still stands in the text. */
export function mentioned(text: string, known: Named[]): string[] {
  return [...new Set(withMentions(text, known).flatMap(({ mention }) => mention ?? []))];
}
