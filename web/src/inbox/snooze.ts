// The times that "snooze" and "send later" offer. Pure: `now` is given, in the reader's own time zone.

export type Moment = { id: string; name: string; at: Date };

const MORNING = 8;
const EVENING = 18;

export function moments(now: Date): Moment[] {
  const offered: Moment[] = [];
  const later = onTheHour(new Date(now.getTime() + 3 * 3_600_000));
  if (later.getHours() <= EVENING && later.getDate() === now.getDate()) offered.push({ id: 'later', name: 'Later today', at: later });
  else if (now.getHours() < 20) offered.push({ id: 'later', name: 'This evening', at: dayAt(now, 0, 20) });
  offered.push({ id: 'tomorrow', name: 'Tomorrow', at: dayAt(now, 1, MORNING) });
  const toMonday = (8 - now.getDay()) % 7 || 7;
  // On a Sunday, Monday is tomorrow.
  if (toMonday > 1) offered.push({ id: 'next-week', name: 'Next week', at: dayAt(now, toMonday, MORNING) });
  else offered.push({ id: 'next-week', name: 'In a week', at: dayAt(now, 7, MORNING) });
  offered.push({ id: 'next-month', name: 'In a month', at: inAMonth(now) });
  return offered;
}

/** `Tue 24 Nov, 08:00`: the weekday is what people check. */
export function told(at: Date, now: Date): string {
  const clock = at.toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' });
  if (at.toDateString() === now.toDateString()) return clock;
  const year = at.getFullYear() === now.getFullYear() ? undefined : 'numeric';
  const day = at.toLocaleDateString('en-GB', { weekday: 'short', day: 'numeric', month: 'short', year }).replaceAll(',', '');
  return `${day}, ${clock}`;
}

/** The value of a `datetime-local` field, which knows no zone. */
export function fieldValue(at: Date): string {
  const two = (number: number) => String(number).padStart(2, '0');
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}T${two(at.getHours())}:${two(at.getMinutes())}`;
}

function dayAt(now: Date, days: number, hour: number): Date {
  return new Date(now.getFullYear(), now.getMonth(), now.getDate() + days, hour);
}

function onTheHour(at: Date): Date {
  return new Date(at.getFullYear(), at.getMonth(), at.getDate(), at.getHours());
}

/** The same day of the next month, or its last day. */
function inAMonth(now: Date): Date {
  const last = new Date(now.getFullYear(), now.getMonth() + 2, 0).getDate();
  return new Date(now.getFullYear(), now.getMonth() + 1, Math.min(now.getDate(), last), MORNING);
}
