// Splits a text into what its sender wrote and what was quoted. Pure.

export type Split = { said: string; quoted: string | null };

/** The server names the quoted part; here it is only taken out of the text, if it is still in there. */
export function split(text: string, quoted: string | null): Split {
  if (!quoted?.trim()) return { said: text, quoted: null };
  const at = text.lastIndexOf(quoted.trim());
  if (at < 0) return { said: text, quoted };
  const said = (text.slice(0, at) + text.slice(at + quoted.trim().length)).trim();
  return said ? { said, quoted } : { said: text, quoted: null };
}
