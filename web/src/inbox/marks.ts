// The words for what a message is besides its text: written by a machine, from a doubtful sender. Pure.

import type { Message } from '../api/types';

const automatic: Record<string, string> = {
  auto_submitted: 'An automatic reply',
  bulk: 'Bulk mail',
  list: 'From a mailing list',
  null_sender: 'From a mail system',
  report: 'A report from a mail system',
  own_address: 'From one of our own addresses',
  too_many: 'One of very many from this sender',
};

/** Nothing answers such mail by itself; a person may. */
export function automaticWords(message: Pick<Message, 'automatic'>): string | null {
  return message.automatic ? (automatic[message.automatic.mark] ?? 'Written by a machine') : null;
}

const failed = (verdict: string | undefined) => verdict === 'fail' || verdict === 'permerror';

/** Only a clear failure warns: `none` and `softfail` are everyday. */
export function doubt(authentication: Message['authentication']): string | null {
  if (!authentication) return null;
  const [spf, dkim, dmarc] = [authentication.spf?.verdict, authentication.dkim?.verdict, authentication.dmarc?.verdict];
  if (failed(dmarc)) return 'This may not be from who it says: the check of its sender (DMARC) failed.';
  if (dmarc && dmarc !== 'none') return null;
  if (failed(spf) && dkim !== 'pass') return 'This may not be from who it says: its server may not send for that address (SPF).';
  if (failed(dkim) && spf !== 'pass') return 'This may have been changed on its way: its signature does not fit (DKIM).';
  return null;
}
