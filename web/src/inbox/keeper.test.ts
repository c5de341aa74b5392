import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Draft, DraftContent } from '../api/inbox';
import { Problem } from '../api/problem';
import { Keeper } from './keeper.svelte';
import { Letter } from './letter.svelte';

/** A server that keeps one draft and counts its versions. */
const server = vi.hoisted(() => ({
  draft: null as Draft | null,
  version: 0,
  said: [] as string[],
  refuse: null as Problem | null,
}));

vi.mock('../api/inboxCalls', () => {
  const stored = (content: DraftContent) =>
    (server.draft = { id: 'drf_1', content, updated_at: String(++server.version) } as unknown as Draft);
  return {
    drafts: {
      list: async () => ({ data: server.draft ? [server.draft] : [], next_cursor: null }),
      add: async ({ content }: { content: DraftContent }) => (server.said.push(`add ${content.text}`), stored(content)),
      save: async (_: string, content: DraftContent, seen?: string) => {
        if (server.refuse) throw server.refuse;
        if (seen !== server.draft?.updated_at) throw new Problem(409, { code: 'draft_changed' });
        server.said.push(`save ${content.text}`);
        return stored(content);
      },
      remove: async () => void (server.said.push('remove'), (server.draft = null)),
    },
  };
});

beforeEach(() => {
  vi.useFakeTimers();
  Object.assign(server, { draft: null, version: 0, said: [], refuse: null });
});
afterEach(() => void vi.useRealTimers());

const keeper = () => new Keeper(() => ({ conversation_id: 'cnv_1', kind: 'reply' }));
const pause = () => vi.advanceTimersByTimeAsync(1_000);

test('a draft is saved a moment after the last key, once', async () => {
  const kept = keeper();
  for (const text of ['H', 'He', 'Hello']) kept.changed({ text });
  expect(server.said).toEqual([]);
  await pause();
  expect(server.said).toEqual(['add Hello']);
  kept.changed({ text: 'Hello there' });
  await pause();
  expect(server.said).toEqual(['add Hello', 'save Hello there']);
  expect(kept.state).toBe('saved');
});

test('an empty one is not begun, but one that was begun may become empty', async () => {
  const kept = keeper();
  kept.changed({ text: ' ' });
  await pause();
  expect(server.said).toEqual([]);
  kept.changed({ text: 'a' });
  await pause();
  kept.changed({ text: '' });
  await pause();
  expect(server.said).toEqual(['add a', 'save ']);
});

test('what another window saved is not written over without a word', async () => {
  const kept = keeper();
  kept.changed({ text: 'mine' });
  await pause();
  server.draft = { ...(server.draft as Draft), content: { text: 'theirs' }, updated_at: 'later' } as Draft;
  kept.changed({ text: 'mine again' });
  await pause();
  expect(kept.other?.content.text).toBe('theirs');
  expect(server.draft.content.text).toBe('theirs');
  kept.keepMine();
  await pause();
  expect(server.draft?.content.text).toBe('mine again');
  expect(kept.other).toBeNull();
});

test('sent while it was being saved, it does not come back', async () => {
  const kept = keeper();
  kept.changed({ text: 'Yes' });
  const saving = kept.flush();
  await kept.end();
  await saving;
  await pause();
  expect(server.draft).toBeNull();
  expect(server.said.at(-1)).toBe('remove');
});

test('thrown away elsewhere while somebody writes here, it begins anew', async () => {
  const kept = keeper();
  kept.changed({ text: 'a' });
  await pause();
  server.refuse = new Problem(404, { code: 'not_found' });
  kept.changed({ text: 'ab' });
  await pause();
  server.refuse = null;
  await pause();
  expect(server.said.at(-1)).toBe('add ab');
});

const written = (text: string, updated_at: string) => ({ id: 'drf_1', kind: 'reply', content: { text }, updated_at }) as unknown as Draft;

test('what another window wrote is taken over, unless something is being written here', async () => {
  const letter = new Letter('cnv_1', false);
  await vi.advanceTimersByTimeAsync(10);
  expect(letter.meet(written('from there', '2026-11-20T10:00:00Z'), Date.now())).toBe(true);
  expect(letter.text).toBe('from there');
  letter.text = 'from here';
  letter.save();
  expect(letter.meet(written('later there', '2026-11-20T11:00:00Z'), Date.now())).toBe(false);
  expect(letter.text).toBe('from here');
});

test('an answer that crossed a save of ours changes nothing', async () => {
  const letter = new Letter('cnv_1', false);
  letter.text = 'Yes';
  const asked = Date.now();
  letter.save();
  await pause();
  expect(letter.meet(undefined, asked)).toBe(false);
  expect(letter.text).toBe('Yes');
  await letter.clear();
  expect(letter.meet(written('Yes', '1'), asked)).toBe(false);
  expect(letter.text).toBe('');
});

test('what was sent from another window is gone here too', async () => {
  const letter = new Letter('cnv_1', false);
  letter.text = 'Yes';
  letter.save();
  await pause();
  await vi.advanceTimersByTimeAsync(10);
  letter.meet(undefined, Date.now());
  expect(letter.text).toBe('');
  expect(letter.keeper.state).toBe('none');
});

test('what is called back stands above what was begun since', () => {
  const letter = new Letter('cnv_1', false);
  letter.text = 'Second';
  letter.takeBack({ text: 'First', to: ['jane@example.com'] });
  expect(letter.text).toBe('First\n\nSecond');
  expect(letter.to).toEqual([{ address: 'jane@example.com' }]);
});

test('what could not be saved is saved later', async () => {
  const kept = keeper();
  kept.changed({ text: 'a' });
  await pause();
  server.refuse = new Problem(0);
  kept.changed({ text: 'ab' });
  await pause();
  expect(kept.state).toBe('failed');
  server.refuse = null;
  await kept.flush();
  expect(kept.state).toBe('saved');
  expect(server.said.at(-1)).toBe('save ab');
});
