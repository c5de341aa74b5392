import { expect, test } from 'vitest';
import type { Notification } from '../api/types';
import { kindOf, pageOf } from './kinds';

const about = (given: Partial<Notification>) =>
  pageOf({ id: 'ntf_1', kind: 'replied', conversation_id: 'cnv_1', subject_id: null, actor: null, detail: '', at: '', read_at: null, ...given });

test('a notification leads to what it is about', () => {
  expect(about({ subject_id: 'msg_7' })).toBe('/inbox/cnv_1?message=msg_7');
  expect(about({ kind: 'mention', subject_id: 'ent_7' })).toBe('/inbox/cnv_1?entry=ent_7');
  expect(about({ kind: 'woke' })).toBe('/inbox/cnv_1');
  expect(about({ kind: 'mailbox', conversation_id: null, subject_id: 'mbx_1' })).toBe('/channels');
});

test('a kind that is not known yet still has a name', () => {
  expect(kindOf('mention').name).toBe('Mention');
  expect(kindOf('eclipse').name).toBe('News');
});
