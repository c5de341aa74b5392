// Splits a text into what its sender wrote, and what was quoted or signed. Pure.

export type Split = { said: string; quoted: string | null };

/** The server names the parts; here they are only taken out of the text, if they are still in there. */
export function split(text: string, quoted: string | null, signature: string | null = null): Split {
  let said = text;
  const folded: string[] = [];
  for (const part of [signature, quoted]) {
    if (!part?.trim()) continue;
    folded.push(part.trim());
    const at = said.lastIndexOf(part.trim());
    if (at >= 0) said = said.slice(0, at) + said.slice(at + part.trim().length);
  }
  if (folded.length === 0) return { said: text, quoted: null };
  // The two dashes belong to the signature that is gone.
  said = said.replace(/\n-- ?\s*$/, '').trim();
  return said ? { said, quoted: folded.join('\n\n') } : { said: text, quoted: null };
}
