import { expect, test } from 'vitest';
import { inline, parse } from './markdown';

test('a guide becomes headings, lists, code and paragraphs', () => {
  const blocks = parse('# Title\n\nOne\ntwo.\n\n1. first\n   goes on\n2. second\n\n- a\n- b\n\n```\nx <b>\n```\n');
  expect(blocks.map((block) => block.kind)).toEqual(['heading', 'paragraph', 'list', 'list', 'code']);
  expect(blocks[1]).toEqual({ kind: 'paragraph', inline: [{ kind: 'text', text: 'One two.' }] });
  expect(blocks[2]).toMatchObject({ ordered: true, items: [[{ text: 'first goes on' }], [{ text: 'second' }]] });
  expect(blocks[4]).toEqual({ kind: 'code', text: 'x <b>' });
});

test('a table has a head and rows, and knows escaped bars', () => {
  const [table] = parse('| Setting | Meaning |\n|---|:--|\n| `host` | its name |\n| a \\| b | `x` |\n');
  expect(table).toMatchObject({
    kind: 'table',
    head: [[{ text: 'Setting' }], [{ text: 'Meaning' }]],
    rows: [[[{ kind: 'code', text: 'host' }], [{ text: 'its name' }]], [[{ text: 'a | b' }], [{ kind: 'code' }]]],
  });
  expect(parse('a | b')[0]?.kind).toBe('paragraph');
});

test('marks inside a line', () => {
  expect(inline('Use **host** and `port`, see [RFC](https://example.com/r) *now*.')).toEqual([
    { kind: 'text', text: 'Use ' },
    { kind: 'strong', text: 'host' },
    { kind: 'text', text: ' and ' },
    { kind: 'code', text: 'port' },
    { kind: 'text', text: ', see ' },
    { kind: 'link', text: 'RFC', href: 'https://example.com/r' },
    { kind: 'text', text: ' ' },
    { kind: 'em', text: 'now' },
    { kind: 'text', text: '.' },
  ]);
});

test('an address that could run something stays text', () => {
  for (const address of ['javascript:alert(1)', 'data:text/html,x', '//evil.example.com', 'JaVaScRiPt:x']) {
    expect(inline(`[click](${address})`)).toEqual([{ kind: 'text', text: 'click' }]);
  }
});

test('html and broken marks stay text, and unclosed code ends with the guide', () => {
  expect(inline('<script>x</script> **half')).toEqual([{ kind: 'text', text: '<script>x</script> **half' }]);
  expect(parse('```\nopen')).toEqual([{ kind: 'code', text: 'open' }]);
  expect(inline('a snake_case_name')).toEqual([{ kind: 'text', text: 'a snake_case_name' }]);
});
