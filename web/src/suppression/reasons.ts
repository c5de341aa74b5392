// Why an address is not written to, in words. Pure: `now` is given.

import Ban from '@lucide/svelte/icons/ban';
import Hand from '@lucide/svelte/icons/hand';
import MailX from '@lucide/svelte/icons/mail-x';
import ThumbsDown from '@lucide/svelte/icons/thumbs-down';
import UserMinus from '@lucide/svelte/icons/user-minus';
import type { Component } from 'svelte';
import type { Suppression, SuppressionReason } from '../api/suppressions';
import { day } from '../parts/time';
import { spelled } from '../parts/words';

type Mark = { name: string; meaning: string; icon: Component<{ size?: number }>; tone: string };

const marks: Record<SuppressionReason, Mark> = {
  hard_bounce: { name: 'Hard bounce', meaning: 'The address does not exist or takes no mail', icon: MailX, tone: 'text-bad' },
  complaint: { name: 'Complaint', meaning: 'The recipient called a message spam', icon: ThumbsDown, tone: 'text-bad' },
  manual: { name: 'By hand', meaning: 'Somebody here decided so', icon: Hand, tone: 'text-warn' },
  unsubscribed: { name: 'Unsubscribed', meaning: 'The recipient wants no more letters to many', icon: UserMinus, tone: 'text-warn' },
};

export const reasons = (Object.keys(marks) as SuppressionReason[]).map((id) => ({ id, ...marks[id] }));

/** A server newer than this page may know more reasons. */
export const markOf = (reason: string): Mark =>
  marks[reason as SuppressionReason] ?? { name: spelled(reason), meaning: spelled(reason), icon: Ban, tone: 'text-soft' };

type Told = Pick<Suppression, 'reason' | 'created_at'>;

/** `hard bounce on 12 Nov`, `put on the list by hand on 12 Nov`: ends a sentence about an address. */
export function because({ reason, created_at: at }: Told, now: Date): string {
  const when = `on ${day(at, now)}`;
  if (reason === 'manual') return `put on the list by hand ${when}`;
  return `${markOf(reason).name.toLowerCase()} ${when}`;
}

const sources: Record<string, string> = {
  mail: 'told by mail',
  person: 'added here',
  api: 'added by a program',
  import: 'imported',
  chancery: 'added by the command line',
};

/** Who told: `told by Mailgun`, `added by Olive Owner`. `titles` names providers as people write them. */
export function teller({ source, added_by: by }: Pick<Suppression, 'source' | 'added_by'>, titles: Record<string, string> = {}): string {
  if (by?.name) return `${source === 'import' ? 'imported' : 'added'} by ${by.name}`;
  return sources[source] ?? `told by ${titles[source] ?? spelled(source)}`;
}

/** The code and the words of the evidence; servers often say the code in their words too. */
export function evidence({ code, detail }: Pick<Suppression, 'code' | 'detail'>): string {
  return code && !detail.includes(code) ? [code, detail].filter(Boolean).join(' ') : detail;
}
