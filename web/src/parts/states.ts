// The word, icon, tone and meaning of each message state.

import Ban from '@lucide/svelte/icons/ban';
import Check from '@lucide/svelte/icons/check';
import CheckCheck from '@lucide/svelte/icons/check-check';
import CircleHelp from '@lucide/svelte/icons/circle-question-mark';
import Clock from '@lucide/svelte/icons/clock';
import Eye from '@lucide/svelte/icons/eye';
import Inbox from '@lucide/svelte/icons/inbox';
import Pause from '@lucide/svelte/icons/pause';
import Pencil from '@lucide/svelte/icons/pencil';
import Rotate from '@lucide/svelte/icons/rotate-cw';
import Send from '@lucide/svelte/icons/send';
import TriangleAlert from '@lucide/svelte/icons/triangle-alert';
import Undo from '@lucide/svelte/icons/undo-2';
import X from '@lucide/svelte/icons/x';
import type { Component } from 'svelte';
import type { Message, MessageState } from '../api/types';

export type Tone = 'calm' | 'good' | 'warn' | 'bad';
type Mark = { word: string; tone: Tone; icon: Component<{ size?: number }>; meaning: string };

const marks: Record<MessageState, Mark> = {
  draft: { word: 'Draft', tone: 'calm', icon: Pencil, meaning: 'Not sent yet' },
  scheduled: { word: 'Scheduled', tone: 'calm', icon: Clock, meaning: 'Will be sent later' },
  queued: { word: 'Queued', tone: 'calm', icon: Clock, meaning: 'Stored, and waiting for its turn' },
  held: { word: 'Held', tone: 'warn', icon: Pause, meaning: 'Waiting for a person' },
  sending: { word: 'Sending', tone: 'calm', icon: Send, meaning: 'Being handed to the provider' },
  sent: { word: 'Sent', tone: 'good', icon: Check, meaning: 'The provider took it' },
  delivered: { word: 'Delivered', tone: 'good', icon: CheckCheck, meaning: 'The recipient’s server took it' },
  read: { word: 'Read', tone: 'good', icon: Eye, meaning: 'The recipient opened it' },
  deferred: { word: 'Trying again', tone: 'warn', icon: Rotate, meaning: 'Not taken yet; it will be tried again' },
  unknown: { word: 'Unknown', tone: 'warn', icon: CircleHelp, meaning: 'It may have been sent: a person must decide' },
  bounced: { word: 'Bounced', tone: 'bad', icon: Undo, meaning: 'It came back' },
  failed: { word: 'Failed', tone: 'bad', icon: TriangleAlert, meaning: 'It was not sent' },
  blocked: { word: 'Blocked', tone: 'bad', icon: Ban, meaning: 'A rule stopped it' },
  cancelled: { word: 'Cancelled', tone: 'calm', icon: X, meaning: 'Stopped before it left' },
  received: { word: 'Received', tone: 'calm', icon: Inbox, meaning: 'It came in' },
};

/** The state as people are told it: back in the queue after a failed attempt is not the same as new in the queue. */
export function toldState({ state, state_reason: reason }: Pick<Message, 'state' | 'state_reason'>): MessageState {
  return state === 'queued' && ['retrying', 'rerouted'].includes(reason?.code ?? '') ? 'deferred' : state;
}

/** The word of a state, with the reason where that is what one must know: `Blocked: suppressed`. */
export function wordOf(state: string, reason?: string | null): string {
  const { word } = markOf(state);
  return state === 'blocked' && reason === 'suppressed' ? `${word}: suppressed` : word;
}

/** A server newer than this page may know more states. */
export function markOf(state: string): Mark {
  return marks[state as MessageState] ?? { word: state, tone: 'calm', icon: CircleHelp, meaning: state };
}
