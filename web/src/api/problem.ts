// What went wrong, in a form that a page can show: what happened, what was kept, what to do, and a code.

import type { ProblemBody } from './types';

export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly detail: string;
  readonly errors: { pointer: string; detail: string }[];

  constructor(status: number, body: ProblemBody = {}) {
    const title = body.title ?? titleOf(status);
    super(title);
    this.status = status;
    this.code = body.code ?? (status === 0 ? 'unreachable' : `http_${status}`);
    this.title = title;
    this.detail = body.detail ?? '';
    this.errors = body.errors ?? [];
  }

  static of(cause: unknown): Problem {
    if (cause instanceof Problem) return cause;
    return new Problem(0, { title: 'The server did not answer', detail: cause instanceof Error ? cause.message : '' });
  }
}

function titleOf(status: number): string {
  if (status === 0) return 'The server did not answer';
  if (status === 403) return 'Your role does not allow this';
  if (status === 404) return 'This is not here';
  if (status === 429) return 'Too many requests';
  if (status >= 500) return 'The server made a mistake';
  return 'The server refused this';
}

/** What a person can do about it. The server's own words say what happened. */
export function adviceFor(problem: Problem): string {
  if (problem.status === 0) return 'Check that the server runs and that you are connected, then try again.';
  if (problem.status === 401) return 'Sign in again.';
  if (problem.code === 'csrf_failed') return 'Reload the page, then try again.';
  if (problem.status === 403) return 'Ask an owner or an admin for the permission.';
  if (problem.status === 404) return 'It may have been deleted or merged. Go back to the list.';
  if (problem.status === 409) return 'Look at its present state, then decide again.';
  if (problem.status === 422) return 'Correct the marked fields, then try again.';
  if (problem.status === 429) return 'Wait a moment, then try again.';
  if (problem.status >= 500) return 'Try again. If it stays, search the server log for the code.';
  return 'Try again.';
}

/** The sentences for one field. `/to/0` belongs to the field `/to` when nothing asks for `/to/0` itself. */
export function errorsAt(problem: Problem | null, pointer: string): string[] {
  if (!problem) return [];
  return problem.errors
    .filter((error) => error.pointer === pointer || error.pointer.startsWith(`${pointer}/`))
    .map((error) => error.detail);
}

/** What no field on the page will show, so that nothing is swallowed. */
export function errorsElsewhere(problem: Problem | null, shown: string[]): string[] {
  if (!problem) return [];
  return problem.errors
    .filter((error) => !shown.some((pointer) => error.pointer === pointer || error.pointer.startsWith(`${pointer}/`)))
    .map((error) => (error.pointer ? `${error.pointer}: ${error.detail}` : error.detail));
}
