// The state of a webhook and of its deliveries, in words. Pure: `now` is given.

import CircleCheck from '@lucide/svelte/icons/circle-check';
import CircleOff from '@lucide/svelte/icons/circle-off';
import Clock from '@lucide/svelte/icons/clock';
import CircleX from '@lucide/svelte/icons/circle-x';
import Rotate from '@lucide/svelte/icons/rotate-cw';
import TriangleAlert from '@lucide/svelte/icons/triangle-alert';
import type { Component } from 'svelte';
import type { Webhook, WebhookDelivery, WebhookReplay } from '../api/webhooks';
import { clock, day, sameDay } from '../parts/time';
import { count, spelled } from '../parts/words';

type Mark = { word: string; icon: Component<{ size?: number }>; tone: string };

const healths: Record<Webhook['state'], Mark> = {
  ok: { word: 'Working', icon: CircleCheck, tone: 'text-good' },
  failing: { word: 'Failing', icon: TriangleAlert, tone: 'text-warn' },
  disabled: { word: 'Switched off', icon: CircleOff, tone: 'text-soft' },
};

/** `ok` says only that nothing is wrong: before the first delivery nothing is known either. */
export function healthOf(webhook: Webhook): Mark {
  const { state, last_delivered_at: delivered, disabled_reason: why } = webhook;
  if (state === 'ok' && !delivered) return { word: 'No event delivered yet', icon: Clock, tone: 'text-soft' };
  // Nobody did it when there is a reason.
  if (state === 'disabled' && why) return { word: 'Switched off', icon: CircleX, tone: 'text-bad' };
  return healths[state] ?? { word: spelled(state), icon: Clock, tone: 'text-soft' };
}

export function since(webhook: Webhook, now: Date): string {
  const { state, first_failed_at: at } = webhook;
  if (state !== 'failing' || !at) return '';
  return `since ${sameDay(new Date(at), now) ? clock(at) : day(at, now)}`;
}

const deliveryMarks: Record<WebhookDelivery['state'], Mark> = {
  waiting: { word: 'Waiting', icon: Clock, tone: 'text-soft' },
  delivered: { word: 'Delivered', icon: CircleCheck, tone: 'text-good' },
  failed: { word: 'Failed', icon: CircleX, tone: 'text-bad' },
};

/** Waiting for its first attempt is not the same as waiting after one that failed. */
export function deliveryMark({ state, attempts, last_error: error }: Pick<WebhookDelivery, 'state' | 'attempts' | 'last_error'>): Mark {
  if (state === 'waiting' && attempts > 0 && error) return { word: 'Trying again', icon: Rotate, tone: 'text-warn' };
  return deliveryMarks[state] ?? deliveryMarks.waiting;
}

export const deliveryStates: { id: WebhookDelivery['state'] | ''; name: string }[] = [
  { id: '', name: 'All' },
  { id: 'failed', name: 'Failed' },
  { id: 'waiting', name: 'Waiting' },
  { id: 'delivered', name: 'Delivered' },
];

/** `200`, `500`, or the words when nobody answered. */
export function answer({ last_status: status, last_error: error }: Pick<WebhookDelivery, 'last_status' | 'last_error'>): string {
  if (status === null) return error ?? '';
  return error && !error.includes(String(status)) ? `${status}: ${error}` : (error ?? String(status));
}

/** `at 14:05`, `on 21 Nov at 14:05`. */
export const moment = (at: string, now: Date): string =>
  sameDay(new Date(at), now) ? `at ${clock(at)}` : `on ${day(at, now)} at ${clock(at)}`;

/** `850 ms`, `12.3 s`. */
export function lasted(milliseconds: number): string {
  return milliseconds < 1000 ? `${milliseconds} ms` : `${(milliseconds / 1000).toFixed(1)} s`;
}

/** JSON with line breaks; what is no JSON stays as it is. */
export function pretty(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}

/** As they are written in a request. */
export const headerLines = (headers: unknown[][]): string => headers.map(([name, value]) => `${name}: ${value}`).join('\n');

/** Until when another secret signs beside the newest; nothing when it signs alone. */
export function overlap(webhook: Webhook, now: Date): string {
  const ending = webhook.secrets.filter(({ expires_at: end }) => end !== null && new Date(end) > now);
  return ending[0]?.expires_at ?? '';
}

/** What a replay does or did; nothing of one that ended long ago. */
export function replayLine(replay: WebhookReplay, now: Date): string {
  const { state, replayed, done, total, reason, updated_at: at } = replay;
  const sent = replayed === 0 ? 'nothing to deliver again' : `${count(replayed, 'event')} delivered again`;
  if (state === 'running') return `Replaying: looked at ${done.toLocaleString('en-GB')} of ${count(total, 'event')}, ${sent} so far`;
  if (now.getTime() - new Date(at).getTime() > REMEMBERED) return '';
  if (state === 'done') return `Replayed: ${sent}. The log shows what arrived.`;
  return `The replay was given up, ${sent}. ${reason ?? ''}`.trim();
}

const REMEMBERED = 600_000;
