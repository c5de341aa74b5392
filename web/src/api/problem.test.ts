import { expect, test } from 'vitest';
import { adviceFor, errorsAt, errorsElsewhere, Problem } from './problem';

const refused = new Problem(422, {
  title: 'The request is not valid',
  code: 'invalid',
  errors: [
    { pointer: '/to/0', detail: 'expected an email address' },
    { pointer: '/subject', detail: 'too long' },
    { pointer: '/headers/X-A', detail: 'not allowed' },
  ],
});

test('a sentence about an item belongs to the field of the list', () => {
  expect(errorsAt(refused, '/to')).toEqual(['expected an email address']);
  expect(errorsAt(refused, '/t')).toEqual([]);
  expect(errorsAt(null, '/to')).toEqual([]);
});

test('what no field shows is not swallowed', () => {
  expect(errorsElsewhere(refused, ['/to', '/subject'])).toEqual(['/headers/X-A: not allowed']);
});

test('an answer without a body still says what happened and what to do', () => {
  const problem = new Problem(503);
  expect([problem.title, problem.code]).toEqual(['The server made a mistake', 'http_503']);
  expect(adviceFor(problem)).toContain('Try again');
});

test('a lost connection is a problem like any other', () => {
  const problem = Problem.of(new TypeError('Failed to fetch'));
  expect([problem.code, problem.detail]).toEqual(['unreachable', 'Failed to fetch']);
  expect(Problem.of(refused)).toBe(refused);
});
