// The form of a mailbox: what it shows first, and what is sent when it is saved. Pure.

import type { Mailbox, NewMailbox, MailboxSettings } from '../api/types';

export type MailboxFields = {
  name: string;
  account: string;
  host: string;
  port: string;
  security: MailboxSettings['security'];
  username: string;
  authentication: MailboxSettings['authentication'];
  password: string;
  tokenUrl: string;
  clientId: string;
  clientSecret: string;
  refreshToken: string;
  folders: string;
  afterFiling: MailboxSettings['after_filing'];
  moveTo: string;
  pollMinutes: string;
  existingMail: MailboxSettings['existing_mail'];
  plusAddressing: boolean;
  authorities: string;
};

/** The port that goes with how the connection is protected. */
export const usualPort = (security: MailboxSettings['security']) => (security === 'tls' ? '993' : '143');

/** Secrets are never shown: their fields are empty, and empty keeps them. */
export function fieldsOf(mailbox: Mailbox | null): MailboxFields {
  const settings = mailbox?.settings;
  return {
    name: mailbox?.name ?? '',
    account: mailbox?.account_id ?? '',
    host: settings?.host ?? '',
    port: String(settings?.port ?? usualPort('tls')),
    security: settings?.security ?? 'tls',
    username: settings?.username ?? '',
    authentication: settings?.authentication ?? 'password',
    password: '',
    tokenUrl: settings?.token_url ?? '',
    clientId: settings?.client_id ?? '',
    clientSecret: '',
    refreshToken: '',
    folders: (settings?.folders ?? ['INBOX']).join('\n'),
    afterFiling: settings?.after_filing ?? 'leave',
    moveTo: settings?.move_to ?? '',
    existingMail: settings?.existing_mail ?? 'unseen',
    plusAddressing: settings?.plus_addressing ?? true,
    authorities: settings?.root_ca_pem ?? '',
    pollMinutes: String(Math.max(1, Math.round((settings?.poll_seconds ?? 300) / 60))),
  };
}

export function changeOf(fields: MailboxFields): NewMailbox {
  const oauth = fields.authentication === 'xoauth2';
  const secrets = oauth
    ? { client_secret: fields.clientSecret, refresh_token: fields.refreshToken }
    : { password: fields.password };
  return {
    name: fields.name.trim() || fields.username.trim(),
    account_id: fields.account || null,
    settings: {
      host: fields.host.trim(),
      port: Number(fields.port) || Number(usualPort(fields.security)),
      security: fields.security,
      username: fields.username.trim(),
      authentication: fields.authentication,
      folders: lines(fields.folders),
      after_filing: fields.afterFiling,
      move_to: fields.afterFiling === 'move' ? fields.moveTo.trim() : null,
      existing_mail: fields.existingMail,
      plus_addressing: fields.plusAddressing,
      root_ca_pem: fields.authorities.trim() || null,
      poll_seconds: Math.max(1, Number(fields.pollMinutes) || 5) * 60,
      ...(oauth && { token_url: fields.tokenUrl.trim(), client_id: fields.clientId.trim() }),
      ...Object.fromEntries(Object.entries(secrets).filter(([, secret]) => secret !== '')),
    },
  };
}

const lines = (text: string) => text.split('\n').map((line) => line.trim()).filter(Boolean);

export const filingWords: Record<MailboxSettings['after_filing'], string> = {
  leave: 'stays as it is',
  mark_seen: 'is marked as read',
  move: 'is moved to another folder',
};

/** `Mail stays as it is` or `Mail is moved to Filed`. */
export function filingOf(settings: MailboxSettings): string {
  return settings.after_filing === 'move' && settings.move_to ? `Mail is moved to ${settings.move_to}` : `Mail ${filingWords[settings.after_filing]}`;
}
