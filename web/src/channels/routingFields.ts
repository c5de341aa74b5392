// The numbers of an account's routing as a form holds them: texts. Pure.

import type { ChannelAccount, ChannelAccountDraft } from '../api/types';

export type RoutingFields = Record<'priority' | 'weight' | 'daily_limit' | 'rate_per_second' | 'concurrency', string>;

export function routingFieldsOf(account: Pick<ChannelAccount, keyof RoutingFields> | null): RoutingFields {
  const text = (number: number | null | undefined) => number?.toString() ?? '';
  return {
    priority: text(account?.priority ?? 0),
    weight: text(account?.weight ?? 100),
    daily_limit: text(account?.daily_limit),
    rate_per_second: text(account?.rate_per_second),
    concurrency: text(account?.concurrency),
  };
}

/** An emptied limit is lifted; any other empty field stays as it is. */
export function routingOf(fields: RoutingFields): Pick<ChannelAccountDraft, keyof RoutingFields> {
  const number = (text: string) => (text.trim() === '' ? undefined : Number(text));
  return {
    priority: number(fields.priority),
    weight: number(fields.weight),
    daily_limit: number(fields.daily_limit) ?? null,
    rate_per_second: number(fields.rate_per_second) ?? null,
    concurrency: number(fields.concurrency),
  };
}
