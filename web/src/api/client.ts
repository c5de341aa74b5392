// Speaks to the HTTP API: one function per verb, typed by the path as the server describes it; the CSRF header, and every
// refusal as a Problem.

import type { Answer, Given, Input, PathsOf } from './operations';
import { Problem } from './problem';
import type { ProblemBody } from './types';

type Loose = { path?: Record<string, string>; query?: Record<string, unknown>; body?: unknown };

let csrfToken = '';
let onSignedOut = () => location.assign('/sign-in');

export function useCsrfToken(token: string) {
  csrfToken = token;
}

export function whenSignedOut(act: () => void) {
  onSignedOut = act;
}

export const get = <P extends PathsOf<'get'>>(path: P, ...[input]: Given<P, 'get'>): Promise<Answer<P, 'get'>> =>
  call('GET', path, input);

export const post = <P extends PathsOf<'post'>>(
  path: P,
  input: Input<P, 'post'>,
  idempotencyKey = newKey(),
  leaving = false,
): Promise<Answer<P, 'post'>> => call('POST', path, input, idempotencyKey, leaving);

/** `leaving`: the request outlives the page, for what is said while it closes. */
export const put = <P extends PathsOf<'put'>>(path: P, input: Input<P, 'put'>, leaving = false): Promise<Answer<P, 'put'>> =>
  call('PUT', path, input, undefined, leaving);

export const patch = <P extends PathsOf<'patch'>>(path: P, input: Input<P, 'patch'>): Promise<Answer<P, 'patch'>> =>
  call('PATCH', path, input);

export const remove = <P extends PathsOf<'delete'>>(path: P, input: Input<P, 'delete'>): Promise<Answer<P, 'delete'>> =>
  call('DELETE', path, input);

/** What every change carries besides its body; uploads send theirs by another way. */
export const csrfHeader = () => ({ 'X-CSRF-Token': csrfToken });

export async function getText<P extends PathsOf<'get'>>(path: P, ...[input]: Given<P, 'get'>): Promise<string> {
  return (await answerTo('GET', path, input ?? {})).text();
}

/** Unique enough to tell two requests apart, also on plain HTTP where `crypto.randomUUID` is missing. */
export function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

export function addressOf(path: string, { path: names = {}, query = {} }: Loose = {}): string {
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(names[name] ?? ''));
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== '') parameters.set(name, String(value));
  }
  const text = parameters.toString();
  return text ? `${filled}?${text}` : filled;
}

async function call<T>(
  method: string,
  path: string,
  input: Loose = {},
  idempotencyKey?: string,
  keepalive = false,
): Promise<T> {
  const answer = await answerTo(method, path, input, idempotencyKey, keepalive);
  const text = answer.status === 204 ? '' : await answer.text();
  return (text ? JSON.parse(text) : undefined) as T;
}

async function answerTo(
  method: string,
  path: string,
  input: Loose,
  idempotencyKey?: string,
  keepalive = false,
): Promise<Response> {
  const { body } = input;
  const headers: Record<string, string> = { Accept: 'application/json' };
  if (method !== 'GET') Object.assign(headers, csrfHeader());
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  if (idempotencyKey) headers['Idempotency-Key'] = idempotencyKey;

  let answer: Response;
  try {
    answer = await fetch(addressOf(path, input), {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      credentials: 'same-origin',
      keepalive,
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
