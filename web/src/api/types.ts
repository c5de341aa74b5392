// The resources of the HTTP API, by the names the pages use. Their shapes come from the server's own description
// (schema.d.ts, made by `npm run codegen`), so that a change of the API fails the type check here. By hand is only what
// the description leaves open: settings, the schemas of settings, and the details of the audit log.

import type { Answer } from './operations';
import type { components } from './schema';

type Schemas = components['schemas'];

export type Address = Schemas['Mailbox'];

/** What the server writes has all its fields, null where there is nothing. Only a mailbox leaves its name out. */
export type Whole<T> = T extends (infer Item)[]
  ? Whole<Item>[]
  : T extends object
    ? [keyof T] extends [keyof Address]
      ? T
      : { [Field in keyof T]-?: Whole<Exclude<T[Field], undefined>> }
    : T;

export type Page<T> = { data: T[]; next_cursor: string | null };

export type Named = Whole<Schemas['AssigneeView']>;

export type Me = Whole<Schemas['Me']>;
export type Role = Schemas['Role'];
export type Permission = Schemas['Permission'];
export type User = Whole<Schemas['User']>;
export type ApiKey = Whole<Schemas['ApiKey']>;

export type Provider = Open<Whole<Schemas['Provider']>, { schema: JsonSchema }>;
export type Capabilities = Provider['capabilities'];
export type ChannelAccount = Open<Whole<Schemas['ChannelAccount']>, { settings: Settings }>;
export type ChannelAccountDraft = Schemas['NewAccount'];
export type ChannelAccountChange = Schemas['AccountChange'];
export type CheckResult = Whole<Schemas['ChannelAccountCheck']>;
export type OnUnknown = Schemas['OnUnknown'];
export type InboundRoute = Whole<Schemas['InboundRoute']>;

export type Contact = Whole<Schemas['Contact']>;

export type Conversation = Whole<Schemas['Conversation']>;
export type ConversationCounts = Whole<Schemas['ConversationCounts']>;

export type Message = Whole<Schemas['Message']>;
export type MessageDetail = Whole<Schemas['MessageDetail']>;
export type MessageState = Schemas['MessageState'];
export type Attachment = Message['attachments'][number];
export type Attempt = MessageDetail['attempts'][number];
export type MessageEvent = MessageDetail['events'][number];
export type NewMessage = Schemas['MessageRequest'];
export type Accepted = Whole<Schemas['Accepted']>;
export type Decision = Schemas['Decision'];

export type JournalEntry = Whole<Schemas['JournalEntry']>;
export type JournalState = Schemas['JournalState'];

/** Not whole: an event has only the facts that belong to its type. */
export type FeedEvent = Omit<Schemas['Event'], 'type' | 'data'> & {
  type: FeedType;
  data: Schemas['Event']['data'] & { user_id?: string; entry_id?: string; mailbox_id?: string; import_id?: string };
};
export type FeedType = Schemas['FeedType'] | NewFeedType;
type NewFeedType =
  | `${'note' | 'draft' | 'tag' | 'team' | 'view' | 'canned_response'}.changed`
  | `notification.${'created' | 'read'}`
  | 'contact.merged'
  | 'contact_import.progressed'
  | 'mailbox.updated';

export type AuditEntry = Whole<Schemas['AuditEntry']>;
export type Verification = Whole<Schemas['AuditVerification']>;

export type ChecklistStep = Whole<Schemas['ChecklistStep']>;

/** A proxy in between may answer with less, or with something else. */
export type ProblemBody = Partial<Schemas['Problem']>;

/** Fields that the description leaves open, with what is known of them here. */
type Open<T, Known> = Omit<T, keyof Known> & Known;

export type Settings = Record<string, unknown>;

/** The part of JSON Schema 2020-12 that the schemas of providers use. */
export type JsonSchema = {
  $ref?: string;
  $defs?: Record<string, JsonSchema>;
  type?: string | string[];
  title?: string;
  description?: string;
  default?: unknown;
  const?: unknown;
  enum?: unknown[];
  oneOf?: JsonSchema[];
  anyOf?: JsonSchema[];
  allOf?: JsonSchema[];
  properties?: Record<string, JsonSchema>;
  required?: string[];
  items?: JsonSchema;
  format?: string;
  writeOnly?: boolean;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  pattern?: string;
  examples?: unknown[];
  /** The place of a setting in its form, from 1. */
  'x-order'?: number;
};

export type Team = Whole<Schemas['Team']>;
export type Tag = Whole<Schemas['Tag']>;
export type TagColor = Schemas['TagColor'];
export type CannedResponse = Whole<Schemas['CannedResponse']>;
export type RenderedResponse = Whole<Schemas['RenderedResponse']>;
export type SavedView = Whole<Schemas['View']>;
export type HouseSettings = Whole<Schemas['Settings']>;

export type Notification = Whole<Schemas['Notification']>;
export type NotificationKind = Schemas['NotificationKind'];

export type ContactChange = Schemas['ContactChange'];
export type ContactDuplicate = Whole<Schemas['ContactDuplicate']>;
export type ContactChannel = Schemas['Identity']['channel'];
export type AttributeValue = Schemas['AttributeValue'];
/** On a contact's timeline each item tells which conversation it is from. */
export type ContactTimelineItem = TimelineItem & Pick<Schemas['ContactTimelineItem'], 'conversation_id' | 'subject'>;

export type Note = Whole<Schemas['Note']>;
export type NoteFile = Note['attachments'][number];
export type Activity = Whole<Schemas['Activity']>;
export type TimelineItem =
  | { type: 'message'; message: Message }
  | { type: 'note'; note: Note }
  | { type: 'activity'; activity: Activity };

export type Upload = Whole<Schemas['Upload']>;
export type ImportFormat = Schemas['ImportFormat'];
export type ImportPreview = Whole<Schemas['ImportPreview']>;
export type ContactImport = Whole<Schemas['ContactImport']>;

/** One that is read by IMAP. The description's plain `Mailbox` is a name and an address. */
export type Mailbox = Answer<'/v1/mailboxes/{id}', 'get'>;
export type MailboxFolder = Mailbox['folders'][number];
export type MailboxSettings = Mailbox['settings'];
export type NewMailbox = Schemas['NewMailbox'];
export type MissingMail = Whole<Schemas['MissingMailCheck']>;
