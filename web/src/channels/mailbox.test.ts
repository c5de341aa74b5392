import { expect, test } from 'vitest';
import { changeOf, fieldsOf, filingOf } from './mailbox';

const blank = fieldsOf(null);

test('a new mailbox starts with what most need', () => {
  expect(blank).toMatchObject({ port: '993', security: 'tls', existingMail: 'unseen', folders: 'INBOX', afterFiling: 'leave', pollMinutes: '5' });
});

test('an empty secret is left out, so that the stored one stays', () => {
  const settings = changeOf({ ...blank, host: ' imap.example.com ', username: 'a@example.com' }).settings;
  expect(settings).not.toHaveProperty('password');
  expect(settings).toMatchObject({ host: 'imap.example.com', port: 993, move_to: null, poll_seconds: 300 });
  expect(changeOf({ ...blank, password: ' with spaces ' }).settings?.password).toBe(' with spaces ');
});

test('only the secrets of the chosen way of signing in are sent', () => {
  const typed = { ...blank, password: 'p', refreshToken: 'r', tokenUrl: 'https://login.example.com/token', clientId: 'c' };
  expect(changeOf({ ...typed, authentication: 'xoauth2' }).settings).toMatchObject({ refresh_token: 'r', client_id: 'c' });
  expect(changeOf({ ...typed, authentication: 'xoauth2' }).settings).not.toHaveProperty('password');
  expect(changeOf(typed).settings).not.toHaveProperty('refresh_token');
});

test('folders are lines, and a mailbox without a name has its user’s', () => {
  const change = changeOf({ ...blank, username: 'a@example.com', folders: 'INBOX\n\n Sales \n', afterFiling: 'move', moveTo: ' Filed ' });
  expect(change.name).toBe('a@example.com');
  expect(change.settings).toMatchObject({ folders: ['INBOX', 'Sales'], move_to: 'Filed' });
});

test('what happens to filed mail, in words', () => {
  const settings = changeOf({ ...blank, afterFiling: 'move', moveTo: 'Filed' }).settings;
  expect(filingOf(settings as never)).toBe('Mail is moved to Filed');
  expect(filingOf(changeOf(blank).settings as never)).toBe('Mail stays as it is');
});
