import { expect, test, vi } from 'vitest';
import { addressOf, get, post, useCsrfToken, whenSignedOut } from './client';
import { Problem } from './problem';

function answering(status: number, body: unknown) {
  const fetched = vi.fn(async (..._request: [string, RequestInit]) => new Response(body === undefined ? null : JSON.stringify(body), { status }));
  vi.stubGlobal('fetch', fetched);
  return fetched;
}

test('empty parameters are left out of the address', () => {
  const query = { state: '', cursor: undefined, limit: 50, tray: false };
  expect(addressOf('/v1/journal', { query })).toBe('/v1/journal?limit=50&tray=false');
});

test('the names in a path are filled in and escaped', () => {
  expect(addressOf('/v1/contacts/{id}', { path: { id: 'a/b?c' } })).toBe('/v1/contacts/a%2Fb%3Fc');
});

test('writes carry the csrf token and an idempotency key, reads neither', async () => {
  useCsrfToken('token');
  const fetched = answering(200, {});
  await post('/v1/messages', { body: { text: 'x' } }, 'once');
  await get('/v1/me');
  const [write, read] = fetched.mock.calls.map(([, request]) => request.headers as Record<string, string>);
  expect(write).toMatchObject({ 'X-CSRF-Token': 'token', 'Idempotency-Key': 'once' });
  expect(read).not.toHaveProperty('X-CSRF-Token');
});

test('a refusal becomes a problem with the server’s words', async () => {
  answering(422, { title: 'Not valid', code: 'invalid', errors: [{ pointer: '/to', detail: 'missing' }] });
  await expect(post('/v1/messages', { body: {} })).rejects.toMatchObject({ code: 'invalid', errors: [{ pointer: '/to' }] });
});

test('an answer that is no json keeps its status', async () => {
  vi.stubGlobal('fetch', async () => new Response('<h1>Bad gateway</h1>', { status: 502 }));
  await expect(get('/v1/me')).rejects.toBeInstanceOf(Problem);
});

test('401 leads to the sign-in page', async () => {
  const left = vi.fn();
  whenSignedOut(left);
  answering(401, {});
  await expect(get('/v1/me')).rejects.toMatchObject({ status: 401 });
  expect(left).toHaveBeenCalledOnce();
});

test('204 has nothing in it', async () => {
  answering(204, undefined);
  expect(await post('/v1/conversations/{id}/read', { path: { id: 'cnv_1' } })).toBeUndefined();
});
