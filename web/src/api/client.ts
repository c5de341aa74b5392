// Speaks to the HTTP API: one function per verb, the CSRF header, and every refusal as a Problem.

import { Problem } from './problem';
import type { ProblemBody } from './types';

export type Query = Record<string, string | number | boolean | null | undefined>;
type Options = { query?: Query; body?: unknown; idempotencyKey?: string };

let csrfToken = '';
let onSignedOut = () => location.assign('/sign-in');

export function useCsrfToken(token: string) {
  csrfToken = token;
}

export function whenSignedOut(act: () => void) {
  onSignedOut = act;
}

export const get = <T>(path: string, query?: Query) => call<T>('GET', path, { query });
export const post = <T>(path: string, body: unknown = {}, idempotencyKey = newKey()) =>
  call<T>('POST', path, { body, idempotencyKey });
export const patch = <T>(path: string, body: unknown) => call<T>('PATCH', path, { body });
export const remove = (path: string) => call<void>('DELETE', path, {});

export async function getText(path: string): Promise<string> {
  return (await answerTo('GET', path, {})).text();
}

/** Unique enough to tell two requests apart, also on plain HTTP where `crypto.randomUUID` is missing. */
export function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

export function addressOf(path: string, query: Query = {}): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== '') parameters.set(name, String(value));
  }
  const text = parameters.toString();
  return `/v1${path}${text ? `?${text}` : ''}`;
}

async function call<T>(method: string, path: string, options: Options): Promise<T> {
  const answer = await answerTo(method, path, options);
  if (answer.status === 204) return undefined as T;
  const text = await answer.text();
  return (text ? JSON.parse(text) : undefined) as T;
}

async function answerTo(method: string, path: string, { query, body, idempotencyKey }: Options): Promise<Response> {
  const headers: Record<string, string> = { Accept: 'application/json' };
  if (method !== 'GET') headers['X-CSRF-Token'] = csrfToken;
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  if (idempotencyKey) headers['Idempotency-Key'] = idempotencyKey;

  let answer: Response;
  try {
    answer = await fetch(addressOf(path, query), {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      credentials: 'same-origin',
    });
  } catch (cause) {
    throw Problem.of(cause);
  }
  if (answer.ok) return answer;
  if (answer.status === 401) onSignedOut();
  throw new Problem(answer.status, await problemIn(answer));
}

async function problemIn(answer: Response): Promise<ProblemBody> {
  try {
    return (await answer.json()) as ProblemBody;
  } catch {
    return {};
  }
}

/** The sign-in pages are the server's own; a form would not carry the header, so the header is sent from here. */
export async function signOut() {
  const answer = await fetch('/sign-out', {
    method: 'POST',
    headers: { 'X-CSRF-Token': csrfToken },
    credentials: 'same-origin',
    redirect: 'manual',
  });
  if (answer.type !== 'opaqueredirect' && !answer.ok) throw new Problem(answer.status, await problemIn(answer));
  location.assign('/sign-in');
}
