// Short notices at the edge of the screen, and words for screen readers only.

import { adviceFor, Problem } from '../api/problem';

export type Notice = {
  id: number;
  tone: 'done' | 'problem';
  text: string;
  detail?: string;
  code?: string;
  undo?: () => void;
};

export const notices = $state<Notice[]>([]);
export const spoken = $state({ text: '' });

let next = 1;

export function notify(text: string, undo?: () => void) {
  show({ id: next++, tone: 'done', text, undo }, undo ? 10_000 : 4_000);
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
  notices.push(notice);
  if (notices.length > 4) notices.shift();
  setTimeout(() => dismiss(notice.id), milliseconds);
}
