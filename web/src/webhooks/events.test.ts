import { expect, test } from 'vitest';
import { covers, groups, spare, told } from './events';

test('events stand in groups by their noun', () => {
  expect(groups.map(({ all }) => all)).toContain('channel_account.*');
  expect(groups.find(({ id }) => id === 'contact')?.events.map(({ id }) => id)).toEqual(['contact.created', 'contact.updated', 'contact.merged']);
  expect(groups.every(({ name, id }) => name !== id)).toBe(true);
});

test('what is chosen whole is said once', () => {
  expect(spare(['message.*', 'message.sent', 'contact.created'])).toEqual(['message.*', 'contact.created']);
  expect(spare(['contact.*', 'contact_import.progressed'])).toEqual(['contact.*', 'contact_import.progressed']);
  expect(spare(['message.sent', '*'])).toEqual(['*']);
});

test('a group and everything cover their events', () => {
  expect(covers(['message.*'], 'message.sent')).toBe(true);
  expect(covers(['contact.*'], 'contact_import.progressed')).toBe(false);
  expect(covers(['*'], 'anything.new')).toBe(true);
  expect(covers(['message.sent'], 'message.delivered')).toBe(false);
});

test('the choice in words', () => {
  expect(told(['*'])).toBe('every event');
  expect(told(['message.*', 'contact.created'])).toBe('every event of messages, contact.created');
  expect(told(['a.b', 'c.d', 'e.f', 'g.h'])).toBe('a.b, c.d and 2 more');
});
