// What the doctor found, arranged for reading: by area, what needs somebody first. Pure.

import type { DoctorCheck } from '../api/doctor';
import { count, spelled } from '../parts/words';

export type FindingState = DoctorCheck['state'];
export type Area = { area: string; title: string; checks: DoctorCheck[]; worst: FindingState };

const gravity: FindingState[] = ['problem', 'warning', 'ok', 'skipped'];
const rank = (state: FindingState) => gravity.indexOf(state);

const titles: Record<string, string> = {
  accounts: 'Accounts and their credentials',
  dns: 'Sender domains',
  tls: 'TLS of the mail listener',
};

/** Areas stay in the order in which the server names them. */
export function areasOf(checks: DoctorCheck[]): Area[] {
  return [...new Set(checks.map((check) => check.area))].map((area) => {
    const own = checks.filter((check) => check.area === area).sort((a, b) => rank(a.state) - rank(b.state));
    return { area, title: titles[area] ?? spelled(area), checks: own, worst: own[0]?.state ?? 'skipped' };
  });
}

/** `2 problems, 1 warning; 14 fine, 3 left out`. */
export function summary(checks: DoctorCheck[]): { words: string; worst: FindingState } {
  const number = (state: FindingState) => checks.filter((check) => check.state === state).length;
  const [problems, warnings, fine, skipped] = gravity.map(number) as [number, number, number, number];
  const said = [
    ...(problems > 0 ? [count(problems, 'problem')] : []),
    ...(warnings > 0 ? [count(warnings, 'warning')] : []),
    ...(problems + warnings === 0 && fine > 0 ? ['Nothing is wrong'] : []),
    ...(fine > 0 ? [`${fine} fine`] : []),
    ...(skipped > 0 ? [`${skipped} left out`] : []),
  ];
  return { words: said.join(', ') || 'Nothing was looked at', worst: problems ? 'problem' : warnings ? 'warning' : fine ? 'ok' : 'skipped' };
}

/** The page on which the subject of a check is mended. */
export function pageOf(subject: DoctorCheck['subject']): string | null {
  if (subject?.kind === 'channel_account') return `/channels/${subject.id}`;
  if (subject?.kind === 'mailbox') return `/channels/mailboxes/${subject.id}`;
  if (subject?.kind === 'webhook') return `/settings/webhooks/${subject.id}`;
  return null;
}
