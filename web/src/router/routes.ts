// Every page, its path, and the code that draws it (loaded when first opened).

import type { Component } from 'svelte';

export type Page = Component<{ params: Record<string, string> }>;
/** A page without parameters just does not name them. */
type Loaded = { default: Page | Component<Record<string, never>> };
export type Route = { pattern: string; title: string; load: () => Promise<Loaded> };

export const routes: Route[] = [
  { pattern: '/inbox/:id?', title: 'Inbox', load: () => import('../inbox/Inbox.svelte') },
  { pattern: '/contacts/:id?', title: 'Contacts', load: () => import('../contacts/Contacts.svelte') },
  { pattern: '/contacts/import', title: 'Import contacts', load: () => import('../contacts/ImportContacts.svelte') },
  { pattern: '/contacts/suppression', title: 'Suppression', load: () => import('../suppression/Suppression.svelte') },
  { pattern: '/contacts/suppression/import', title: 'Import suppressed addresses', load: () => import('../suppression/Import.svelte') },
  { pattern: '/messages/:id', title: 'Message', load: () => import('../inbox/MessageLink.svelte') },
  { pattern: '/channels', title: 'Channels', load: () => import('../channels/Channels.svelte') },
  { pattern: '/channels/new', title: 'Add a channel', load: () => import('../channels/PickProvider.svelte') },
  { pattern: '/channels/new/:provider', title: 'Add a channel', load: () => import('../channels/AddChannel.svelte') },
  { pattern: '/channels/doctor', title: 'Doctor', load: () => import('../channels/Doctor.svelte') },
  { pattern: '/channels/providers', title: 'Providers', load: () => import('../channels/Matrix.svelte') },
  { pattern: '/channels/mailboxes/new', title: 'Add a mailbox', load: () => import('../channels/MailboxPage.svelte') },
  { pattern: '/channels/mailboxes/:id', title: 'Mailbox', load: () => import('../channels/MailboxPage.svelte') },
  { pattern: '/channels/:id', title: 'Channel', load: () => import('../channels/EditChannel.svelte') },
  { pattern: '/journal/:id?', title: 'Journal', load: () => import('../journal/Journal.svelte') },
  { pattern: '/audit', title: 'Audit', load: () => import('../audit/Audit.svelte') },
  { pattern: '/settings/webhooks/:id/:delivery?', title: 'Webhook', load: () => import('../webhooks/WebhookPage.svelte') },
  { pattern: '/settings/:section?', title: 'Settings', load: () => import('../settings/Settings.svelte') },
];
