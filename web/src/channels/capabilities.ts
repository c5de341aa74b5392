// What a provider can do, in words. Pure.

import { size } from '../parts/words';

const words: Record<string, string> = {
  inbound: 'receives',
  delivery_events: 'reports deliveries',
  look_up: 'can be asked what became of a message',
  idempotency_key: 'never sends twice',
  attachments: 'attachments',
  inline_images: 'inline images',
};

export function capabilityWords(capabilities: Record<string, unknown>): string[] {
  const able = Object.entries(words)
    .filter(([name]) => capabilities[name] === true)
    .map(([, text]) => text);
  const limit = capabilities.max_message_bytes;
  return typeof limit === 'number' ? [...able, `up to ${size(limit)}`] : able;
}
