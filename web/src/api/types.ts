// The resources of the HTTP API, by the names the pages use. Their shapes come from the server's own description
// (schema.d.ts, made by `npm run codegen`), so that a change of the API fails the type check here. By hand is only what
// the description leaves open: settings, the schemas of settings, and the details of the audit log.

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
export type ConversationState = Schemas['ConversationState'];
export type ConversationCounts = Whole<Schemas['ConversationCounts']>;

export type Message = Whole<Schemas['Message']>;
export type MessageDetail = Whole<Schemas['MessageDetail']>;
export type MessageState = Schemas['MessageState'];
export type Attachment = Message['attachments'][number];
export type Attempt = MessageDetail['attempts'][number];
export type MessageEvent = MessageDetail['events'][number];
export type NewMessage = Schemas['MessageRequest'];
export type NewAttachment = Schemas['AttachmentRequest'];
export type Accepted = Whole<Schemas['Accepted']>;
export type Decision = Schemas['Decision'];

export type JournalEntry = Whole<Schemas['JournalEntry']>;
export type JournalState = Schemas['JournalState'];

/** Not whole: an event has only the facts that belong to its type. */
export type FeedEvent = Schemas['Event'];
export type FeedType = Schemas['FeedType'];

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
