// What a letter or note in the making is, and when two of them are alike. Pure.

import type { DraftContent, DraftFile } from '../api/inbox';
import { readAll } from './recipients';

/** A draft is worth keeping once somebody wrote something; recipients alone are filled in by opening the composer. */
export function isWorthKeeping(content: DraftContent): boolean {
  return !!content.text?.trim() || (content.attachments?.length ?? 0) > 0;
}

/** Only what the server keeps is compared: it answers files with their names and sizes. */
export function alike(a: DraftContent, b: DraftContent): boolean {
  return JSON.stringify(core(a)) === JSON.stringify(core(b));
}

function core(content: DraftContent) {
  const list = (people: DraftContent['to']) => readAll(people).map(({ address }) => address.toLowerCase());
  return [
    list(content.to),
    list(content.cc),
    list(content.bcc),
    content.subject ?? '',
    content.text ?? '',
    (content.attachments ?? []).map(refOf),
    content.in_reply_to ?? null,
    content.forward_of ?? null,
    content.account ?? null,
  ];
}

/** Names the file, and nothing else. */
export function refOf({ upload_id, message_id, attachment_id }: DraftFile): DraftFile {
  return upload_id ? { upload_id } : { message_id, attachment_id };
}
