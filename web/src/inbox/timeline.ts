// Arranges messages for reading: a line per day, and messages of one sender within an hour together. Pure.

import type { Message } from '../api/types';
import { sameDay } from '../parts/time';

type Part = { kind: 'day'; at: string; key: string } | { kind: 'message'; message: Message; first: boolean; key: string };

const TOGETHER = 60 * 60_000;

export function arrange(messages: Message[]): Part[] {
  const parts: Part[] = [];
  let before: Message | null = null;
  for (const message of messages) {
    const newDay = !before || !sameDay(new Date(before.created_at), new Date(message.created_at));
    if (newDay) parts.push({ kind: 'day', at: message.created_at, key: `day ${message.id}` });
    parts.push({ kind: 'message', message, first: newDay || !before || !together(before, message), key: message.id });
    before = message;
  }
  return parts;
}

function together(before: Message, message: Message): boolean {
  return (
    before.direction === message.direction &&
    before.channel === message.channel &&
    before.from?.address === message.from?.address &&
    before.author?.id === message.author?.id &&
    Date.parse(message.created_at) - Date.parse(before.created_at) < TOGETHER
  );
}
