// What each operation of the API takes and answers, taken from the generated description. Types only.

import type { paths } from './schema';
import type { Whole } from './types';

export type Verb = 'get' | 'post' | 'put' | 'patch' | 'delete';

/** The paths that have the verb. */
export type PathsOf<V extends Verb> = {
  [P in keyof paths]: paths[P] extends Record<V, object> ? P : never;
}[keyof paths];

type Operation<P extends keyof paths, V extends Verb> = paths[P][V];

type Names<O> = O extends { parameters: { path: infer Given } } ? { path: Given } : unknown;
type Asked<O> = O extends { parameters: { query?: infer Given } } ? { query?: Exclude<Given, undefined> } : unknown;
type Sent<O> = O extends { requestBody: { content: { 'application/json': infer Body } } } ? { body: Body } : unknown;

/** Path parameters, query and body of an operation, as far as it has them. */
export type Input<P extends keyof paths, V extends Verb> = Names<Operation<P, V>> &
  Asked<Operation<P, V>> &
  Sent<Operation<P, V>>;

/** Only an operation that requires nothing may be called with nothing. */
export type Given<P extends keyof paths, V extends Verb> = object extends Input<P, V>
  ? [input?: Input<P, V>]
  : [input: Input<P, V>];

export type QueryOf<P extends PathsOf<'get'>> = NonNullable<Input<P, 'get'> extends { query?: infer Q } ? Q : never>;

/** The JSON that a success answers; nothing for 204. */
export type Answer<P extends keyof paths, V extends Verb> =
  Operation<P, V> extends { responses: infer Responses } ? Whole<JsonOf<Responses[keyof Responses & Success]>> : never;

type Success = 200 | 201 | 202 | 204;
type JsonOf<Response> = Response extends { content: { 'application/json': infer Json } } ? Json : void;
