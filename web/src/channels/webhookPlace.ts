// Where at the vendor the webhook address is put: the steps of the setup guide that speak of it. Pure.

import { parse, type Block, type Inline } from '../parts/markdown';

const NAMES_IT = /\b(this|same) (URL|webhook)\b/i;

export function placesFor(guide: string): Block[] {
  const items = parse(guide).flatMap((block) => (block.kind === 'list' ? block.items.filter((item) => NAMES_IT.test(plain(item))) : []));
  return items.length > 0 ? [{ kind: 'list', ordered: false, start: 1, items }] : [];
}

const plain = (item: Inline[]) => item.map((piece) => piece.text).join('');
