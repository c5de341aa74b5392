// Finds the web addresses in a plain text. Pure; only http and https become links.

type Piece = { text: string; href: string | null };

export function linked(text: string): Piece[] {
  const pieces: Piece[] = [];
  let done = 0;
  for (const found of text.matchAll(/https?:\/\/[^\s<>"']+/gi)) {
    // A full stop or a closing bracket after an address belongs to the sentence.
    const address = found[0].replace(/[.,;:!?]+$/, '').replace(/^([^(]*)\)$/, '$1');
    if (!URL.canParse(address)) continue;
    if (found.index > done) pieces.push({ text: text.slice(done, found.index), href: null });
    pieces.push({ text: address, href: address });
    done = found.index + address.length;
  }
  if (done < text.length) pieces.push({ text: text.slice(done), href: null });
  return pieces;
}
