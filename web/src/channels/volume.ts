// How much an account has sent today, against what it may. Days are those of UTC. Pure: `now` is given.

import { clock } from '../parts/time';

export type Volume = {
  /** `1,234 of 5,000`, or only the first. */
  figures: string;
  /** Of the limit, from 0 to 1; none without a limit. */
  share: number | null;
  tone: 'calm' | 'warn' | 'bad';
  /** When the count begins anew. */
  note: string;
};

const NEARLY = 0.8;
const figure = (number: number) => number.toLocaleString('en-GB');

export function volumeOf(sent: number, limit: number | null, now: Date): Volume {
  const turn = turnWords(now);
  if (limit === null) return { figures: figure(sent), share: null, tone: 'calm', note: `No daily limit. Counted until ${turn}.` };
  const share = Math.min(sent / limit, 1);
  const spent = sent >= limit;
  return {
    figures: `${figure(sent)} of ${figure(limit)}`,
    share,
    tone: spent ? 'bad' : share >= NEARLY ? 'warn' : 'calm',
    note: spent ? `All of today’s limit is used. It sends again from ${turn}.` : `${figure(limit - sent)} left until ${turn}.`,
  };
}

/** The end of the day in UTC, and here where that is another time. */
function turnWords(now: Date): string {
  const turn = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate() + 1)).toISOString();
  const here = clock(turn);
  return here === '00:00' ? '00:00 UTC' : `00:00 UTC (${here} here)`;
}

/** `10 a second, 4 at once`. */
export function rateWords(perSecond: number | null, atOnce: number): string {
  return `${perSecond === null ? 'no rate limit' : `${figure(perSecond)} a second`}, ${figure(atOnce)} at once`;
}
