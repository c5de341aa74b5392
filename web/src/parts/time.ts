// Times as people read them. Pure: `now` is given.

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** `now`, `5m`, `3h`, `Tue`, `12 Mar`, `12 Mar 2024`: short enough for a list. */
export function age(at: string, now: Date): string {
  const then = new Date(at);
  const passed = now.getTime() - then.getTime();
  if (passed < MINUTE) return 'now';
  if (passed < HOUR) return `${Math.floor(passed / MINUTE)}m`;
  if (passed < DAY && sameDay(then, now)) return `${Math.floor(passed / HOUR)}h`;
  if (daysBetween(then, now) < 7) return then.toLocaleDateString('en-GB', { weekday: 'short' });
  return shortDate(then, now);
}

/** The words on the line between two days. */
export function dayName(at: string, now: Date): string {
  const then = new Date(at);
  const days = daysBetween(then, now);
  if (days === 0) return 'Today';
  if (days === 1) return 'Yesterday';
  const weekday = then.toLocaleDateString('en-GB', { weekday: 'long' });
  return days > 1 && days < 7 ? weekday : `${weekday}, ${shortDate(then, now)}`;
}

export function clock(at: string): string {
  return new Date(at).toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' });
}

/** `12 Mar`, `12 Mar 2024`: for sentences. */
export function day(at: string, now: Date): string {
  return shortDate(new Date(at), now);
}

/** Complete and unambiguous, for titles and tables. */
export function full(at: string): string {
  return new Date(at).toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });
}

/** `850 ms`, `12.3 s`, `4 min`: how long something took. */
export function took(from: string, to: string): string {
  const passed = Date.parse(to) - Date.parse(from);
  if (passed < 1000) return `${passed} ms`;
  if (passed < MINUTE) return `${(passed / 1000).toFixed(1)} s`;
  return `${Math.round(passed / MINUTE)} min`;
}

export function sameDay(a: Date, b: Date): boolean {
  return a.toDateString() === b.toDateString();
}

/** In calendar days of this time zone, so that daylight saving changes nothing. */
function daysBetween(earlier: Date, later: Date): number {
  const midnight = (day: Date) => Date.UTC(day.getFullYear(), day.getMonth(), day.getDate());
  return Math.round((midnight(later) - midnight(earlier)) / DAY);
}

function shortDate(day: Date, now: Date): string {
  const sameYear = day.getFullYear() === now.getFullYear();
  return day.toLocaleDateString('en-GB', { day: 'numeric', month: 'short', year: sameYear ? undefined : 'numeric' });
}
