// The events that a webhook may be told of: in groups, and each in words. Pure. The type of the table is the server's own
// list, so that an event that is new there fails the type check here.

import type { EventType } from '../api/webhooks';

const meanings: Record<EventType, string> = {
  'message.queued': 'A message was accepted',
  'message.sending': 'It is being handed to the provider',
  'message.sent': 'The provider took it',
  'message.delivered': 'The recipient’s server took it',
  'message.deferred': 'Not taken yet; it will be tried again',
  'message.bounced': 'It came back',
  'message.failed': 'It was not sent',
  'message.blocked': 'A rule stopped it, such as the suppression list',
  'message.unknown': 'It may have been sent: a person must decide',
  'message.cancelled': 'Stopped before it left',
  'message.received': 'A message came in',
  'message.updated': 'Anything else about a message',
  'conversation.opened': 'A new conversation',
  'conversation.updated': 'State, assignee, tags or subject changed',
  'conversation.read': 'Somebody read it',
  'note.changed': 'A note was written, changed or removed',
  'draft.changed': 'A draft was kept or thrown away',
  'contact.created': 'A new contact',
  'contact.updated': 'A contact changed',
  'contact.merged': 'Two contacts became one',
  'contact_import.progressed': 'An import of contacts went on or ended',
  'suppression.added': 'An address is not written to any more',
  'suppression.removed': 'An address may be written to again',
  'channel_account.created': 'An account was added',
  'channel_account.updated': 'An account or its health changed',
  'channel_account.deleted': 'An account was deleted',
  'mailbox.updated': 'A mailbox or its health changed',
  'journal.failed': 'Something that came in could not be read',
  'notification.created': 'Somebody here was notified',
  'notification.read': 'Somebody read their notifications',
  'tag.changed': 'A tag changed',
  'team.changed': 'A team changed',
  'view.changed': 'A saved view changed',
  'canned_response.changed': 'A canned response changed',
  'webhook.updated': 'A webhook or its health changed',
};

const groupNames: Record<string, string> = {
  message: 'Messages',
  conversation: 'Conversations',
  note: 'Notes',
  draft: 'Drafts',
  contact: 'Contacts',
  contact_import: 'Imports of contacts',
  suppression: 'Suppression',
  channel_account: 'Channel accounts',
  mailbox: 'Mailboxes',
  journal: 'Journal',
  notification: 'Notifications',
  tag: 'Tags',
  team: 'Teams',
  view: 'Saved views',
  canned_response: 'Canned responses',
};

export type EventGroup = { id: string; name: string; all: string; events: { id: string; meaning: string }[] };

const nounOf = (event: string) => event.slice(0, event.indexOf('.'));

/** `webhook.updated` is told to no webhook: one that fails would tell itself so for ever. */
export const eventTypes = (Object.keys(meanings) as EventType[]).filter((event) => event !== 'webhook.updated');

export const groups: EventGroup[] = [...new Set(eventTypes.map(nounOf))].map((id) => ({
  id,
  name: groupNames[id] ?? id,
  all: `${id}.*`,
  events: eventTypes.filter((event) => nounOf(event) === id).map((event) => ({ id: event, meaning: meanings[event] })),
}));

/** What is chosen, as short as it can be said: a group that is chosen whole needs none of its events besides. */
export function spare(chosen: string[]): string[] {
  if (chosen.includes('*')) return ['*'];
  const whole = groups.filter(({ all }) => chosen.includes(all));
  return [...new Set(chosen)].filter((one) => one.endsWith('.*') || !whole.some(({ id }) => id === nounOf(one)));
}

/** Whether an event would be told, given what was chosen. */
export function covers(chosen: string[], event: string): boolean {
  return chosen.includes('*') || chosen.includes(`${nounOf(event)}.*`) || chosen.includes(event);
}

/** `every event`; `every event of messages, contact.created`. */
export function told(chosen: string[]): string {
  if (chosen.includes('*')) return 'every event';
  const words = chosen.map((one) => {
    const group = groups.find(({ all }) => all === one);
    return group ? `every event of ${group.name.toLowerCase()}` : one;
  });
  return words.length > 3 ? `${words.slice(0, 2).join(', ')} and ${words.length - 2} more` : words.join(', ');
}

export const meaningOf = (event: string): string => event === 'webhook.test' ? 'A test event: nothing happened' : (meanings[event as EventType] ?? '');
