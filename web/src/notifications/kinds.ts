// What each kind of notification is called, looks like, and leads to. Pure.

import AtSign from '@lucide/svelte/icons/at-sign';
import Bell from '@lucide/svelte/icons/bell';
import CircleAlert from '@lucide/svelte/icons/circle-alert';
import Clock from '@lucide/svelte/icons/alarm-clock';
import Reply from '@lucide/svelte/icons/reply';
import UserCheck from '@lucide/svelte/icons/user-check';
import Users from '@lucide/svelte/icons/users';
import type { Component } from 'svelte';
import type { Notification, NotificationKind } from '../api/types';

type Kind = { name: string; icon: Component<{ size?: number }>; tone: string };

const kinds: Record<NotificationKind, Kind> = {
  mention: { name: 'Mention', icon: AtSign, tone: 'text-accent-text' },
  assigned: { name: 'Assigned to you', icon: UserCheck, tone: 'text-soft' },
  team_assigned: { name: 'Given to your team', icon: Users, tone: 'text-soft' },
  replied: { name: 'Reply', icon: Reply, tone: 'text-soft' },
  woke: { name: 'Back from snooze', icon: Clock, tone: 'text-soft' },
  webhook: { name: 'Webhook switched off', icon: CircleAlert, tone: 'text-bad' },
  mailbox: { name: 'Mailbox stopped', icon: CircleAlert, tone: 'text-bad' },
};

/** A server newer than this page may know more kinds. */
export const kindOf = (kind: string): Kind => kinds[kind as NotificationKind] ?? { name: 'News', icon: Bell, tone: 'text-soft' };

/** The page that shows what happened. */
export function pageOf({ kind, conversation_id: conversation, subject_id: subject }: Notification): string {
  if (kind === 'webhook') return subject ? `/settings/webhooks/${subject}` : '/settings/webhooks';
  if (!conversation) return kind === 'mailbox' ? '/channels' : '/inbox';
  if (subject?.startsWith('msg_')) return `/inbox/${conversation}?message=${subject}`;
  if (subject?.startsWith('ent_')) return `/inbox/${conversation}?entry=${subject}`;
  return `/inbox/${conversation}`;
}
