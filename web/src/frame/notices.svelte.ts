// Short notices at the edge of the screen, and words for screen readers only.

import { adviceFor, Problem } from '../api/problem';

export type Notice = {
  id: number;
  tone: 'done' | 'problem';
  text: string;
  detail?: string;
  code?: string;
  undo?: () => void;
  /** Until when the undo is possible, where that is counted down. */
  until?: number;
};

export const notices = $state<Notice[]>([]);
export const spoken = $state({ text: '' });

let next = 1;
/** What `z` takes back: the last thing done, also when its notice is gone already. */
let last: { id: number; undo: () => void; until: number } | null = null;
const REMEMBERED = 60_000;

export function notify(text: string, undo?: () => void) {
  const id = next++;
  if (undo) last = { id, undo, until: Date.now() + REMEMBERED };
  show({ id, tone: 'done', text, undo }, undo ? 10_000 : 4_000);
}

/** A notice whose undo ends at a moment, shown as a countdown. Returns how to take the notice away. */
export function notifyUntil(text: string, until: number, undo: () => void): () => void {
  const id = next++;
  last = { id, undo, until };
  show({ id, tone: 'done', text, undo, until }, until - Date.now());
  return () => {
    if (last?.id === id) last = null;
    dismiss(id);
  };
}

/** Takes back the last thing that can be. */
export function undoLast() {
  if (!last || last.until < Date.now()) return notify('There is nothing to undo.');
  undoNow(last);
}

export function undoNow(notice: { id: number; undo?: () => void }) {
  if (last?.id === notice.id) last = null;
  dismiss(notice.id);
  notice.undo?.();
}

/** `what` failed: says so, with the server's words, what was kept, and the code to search for. */
export function complain(what: string, cause: unknown, kept = 'Nothing was changed.') {
  const problem = Problem.of(cause);
  if (problem.status === 401) return;
  const words = [`${problem.title}.`, problem.detail, kept, adviceFor(problem)].filter(Boolean).join(' ');
  show({ id: next++, tone: 'problem', text: what, detail: words, code: problem.code }, 15_000);
}

export function dismiss(id: number) {
  const at = notices.findIndex((notice) => notice.id === id);
  if (at >= 0) notices.splice(at, 1);
}

export function speak(text: string) {
  spoken.text = text;
}

function show(notice: Notice, milliseconds: number) {
  // What was done last is what one may want to take back; the words for what came before have had their time. What failed,
  // and what is still being counted down, stays.
  const before = notice.tone === 'done' ? notices.findIndex((one) => one.tone === 'done' && !one.until) : -1;
  if (before >= 0) notices.splice(before, 1);
  notices.push(notice);
  if (notices.length > 4) notices.shift();
  setTimeout(() => dismiss(notice.id), milliseconds);
}
