// Reads the little Markdown of setup guides into blocks. Pure, and never HTML: components draw the blocks.

export type Inline =
  | { kind: 'text' | 'strong' | 'em' | 'code'; text: string }
  | { kind: 'link'; text: string; href: string };

export type Block =
  | { kind: 'heading'; level: number; inline: Inline[] }
  | { kind: 'paragraph'; inline: Inline[] }
  | { kind: 'code'; text: string }
  | { kind: 'table'; head: Inline[][]; rows: Inline[][][] }
  | { kind: 'list'; ordered: boolean; start: number; items: Inline[][] };

const ITEM = /^\s*(?:[-*+]|(\d+)[.)])\s+(.*)$/;

/** The line between the head of a table and its rows. */
const RULE = /^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$/;

export function parse(markdown: string): Block[] {
  const blocks: Block[] = [];
  const lines = markdown.replaceAll('\r\n', '\n').split('\n');
  let at = 0;
  const line = () => lines[at] ?? '';

  while (at < lines.length) {
    if (line().trim() === '') {
      at += 1;
    } else if (/^\s*```/.test(line())) {
      const code: string[] = [];
      for (at += 1; at < lines.length && !/^\s*```/.test(line()); at += 1) code.push(line());
      at += 1;
      blocks.push({ kind: 'code', text: code.join('\n') });
    } else if (/^#{1,6}\s/.test(line())) {
      const [, marks, text] = /^(#+)\s+(.*)$/.exec(line()) as RegExpExecArray;
      blocks.push({ kind: 'heading', level: marks?.length ?? 1, inline: inline(text ?? '') });
      at += 1;
    } else if (line().includes('|') && RULE.test(lines[at + 1] ?? '')) {
      const head = cells(line());
      const rows: Inline[][][] = [];
      for (at += 2; at < lines.length && line().includes('|'); at += 1) rows.push(cells(line()));
      blocks.push({ kind: 'table', head, rows });
    } else if (ITEM.test(line())) {
      const ordered = ITEM.exec(line())?.[1] !== undefined;
      const start = Number(ITEM.exec(line())?.[1] ?? 1);
      const items: string[] = [];
      while (at < lines.length && line().trim() !== '') {
        const item = ITEM.exec(line());
        if (item && (item[1] !== undefined) !== ordered) break;
        if (item) items.push(item[2] ?? '');
        // An indented or lazy line goes on with the item before it.
        else items.push(`${items.pop() ?? ''} ${line().trim()}`);
        at += 1;
      }
      blocks.push({ kind: 'list', ordered, start, items: items.map(inline) });
    } else {
      const text: string[] = [];
      while (at < lines.length && line().trim() !== '' && !/^(#{1,6}\s|\s*```)/.test(line()) && !ITEM.test(line())) {
        text.push(line().trim());
        at += 1;
      }
      blocks.push({ kind: 'paragraph', inline: inline(text.join(' ')) });
    }
  }
  return blocks;
}

function cells(line: string): Inline[][] {
  const inner = line.trim().replace(/^\||(?<!\\)\|$/g, '');
  return inner.split(/(?<!\\)\|/).map((cell) => inline(cell.trim().replaceAll('\\|', '|')));
}

const MARK = /`([^`]+)`|\*\*([^*]+)\*\*|\*([^*\s][^*]*)\*|\b_([^_]+)_\b|\[([^\]]+)\]\(((?:[^()\s]|\([^()\s]*\))+)\)|<(https?:\/\/[^>\s]+)>/g;

export function inline(text: string): Inline[] {
  const pieces: Inline[] = [];
  let done = 0;
  for (const found of text.matchAll(MARK)) {
    const [whole, code, strong, starred, underscored, linkText, address, bare] = found;
    if (found.index > done) pieces.push({ kind: 'text', text: text.slice(done, found.index) });
    const em = starred ?? underscored;
    if (code !== undefined) pieces.push({ kind: 'code', text: code });
    else if (strong !== undefined) pieces.push({ kind: 'strong', text: strong });
    else if (em !== undefined) pieces.push({ kind: 'em', text: em });
    else pieces.push(link(linkText ?? bare ?? '', address ?? bare ?? ''));
    done = found.index + whole.length;
  }
  if (done < text.length) pieces.push({ kind: 'text', text: text.slice(done) });
  return pieces;
}

/** Only web addresses and paths of this server become links; `javascript:` and its kind stay text. */
function link(text: string, address: string): Inline {
  return /^(https?:\/\/|\/(?!\/))/i.test(address) ? { kind: 'link', text, href: address } : { kind: 'text', text };
}
