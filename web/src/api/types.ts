// The resources of the HTTP API, as the server writes them. The only file that knows their shape.

export type Page<T> = { data: T[]; next_cursor: string | null };

export type Named = { id: string; name: string };
export type Address = { name?: string | null; address: string };

export type Role = 'owner' | 'admin' | 'agent' | 'viewer';

export type Me = {
  user: { id: string; name: string; email: string } | null;
  key: Named | null;
  tenant: { name: string };
  /** Null for a key with scopes of its own. */
  role: Role | null;
  permissions: string[];
  /** Null for a key, which needs none. */
  csrf_token: string | null;
  version: string;
};

export type User = {
  id: string;
  name: string;
  email: string;
  role: Role;
  created_at: string;
  disabled: boolean;
};

export type ApiKey = {
  id: string;
  name: string;
  prefix: string;
  scopes: string[];
  created_at: string;
  last_used_at: string | null;
  revoked_at: string | null;
};

export type NewApiKey = ApiKey & { key: string };

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

export type Provider = {
  name: string;
  title: string;
  channels: string[];
  summary: string;
  schema: JsonSchema;
  guide: string;
  capabilities: Record<string, boolean | number | string | null>;
  links: { title: string; url: string }[];
};

export type OnUnknown = 'hold' | 'resend';

export type ChannelAccount = {
  id: string;
  name: string;
  channel: string;
  provider: string;
  enabled: boolean;
  priority: number;
  sender: Address | null;
  settings: Record<string, unknown>;
  secrets_set: string[];
  on_unknown: OnUnknown;
  rate_per_second: number | null;
  concurrency: number;
  health: {
    state: 'ok' | 'failing' | 'stopped' | 'unchecked';
    last_error: string | null;
    last_error_at: string | null;
    last_sent_at: string | null;
    last_inbound_at: string | null;
    sent_today: number;
  };
  webhook_url: string | null;
  created_at: string;
  updated_at: string;
};

export type ChannelAccountDraft = Partial<
  Pick<
    ChannelAccount,
    'name' | 'provider' | 'sender' | 'settings' | 'on_unknown' | 'rate_per_second' | 'concurrency' | 'enabled'
  >
>;

export type CheckResult = { ok: boolean; steps: { name: string; ok: boolean; detail: string | null }[] };

export type InboundRoute = { id: string; address: string; account_id: string | null };

export type Contact = {
  id: string;
  name: string | null;
  identities: { channel: string; address: string }[];
  created_at: string;
  last_seen_at: string | null;
};

export type ConversationState = 'open' | 'pending' | 'resolved' | 'snoozed';

export type Conversation = {
  id: string;
  subject: string | null;
  state: ConversationState;
  priority: string;
  contact: { id: string; name: string | null; address: string } | null;
  channel: string;
  assignee: Named | null;
  last_message: { id: string; direction: Direction; preview: string; at: string; state: MessageState } | null;
  unread: number;
  message_count: number;
  in_tray: boolean;
  claims_conversation_id?: string | null;
  created_at: string;
  last_activity_at: string;
};

export type ConversationCounts = {
  open: number;
  pending: number;
  snoozed: number;
  resolved: number;
  unread: number;
  tray: number;
  unassigned: number;
  mine: number;
};

export type Direction = 'inbound' | 'outbound';

export type MessageState =
  | 'draft'
  | 'scheduled'
  | 'queued'
  | 'held'
  | 'sending'
  | 'sent'
  | 'delivered'
  | 'read'
  | 'deferred'
  | 'unknown'
  | 'bounced'
  | 'failed'
  | 'blocked'
  | 'cancelled'
  | 'received';

export type Attachment = {
  id: string;
  filename: string | null;
  content_type: string;
  size: number;
  content_id: string | null;
  inline: boolean;
  url: string;
};

export type Message = {
  id: string;
  conversation_id: string;
  thread_id: string | null;
  direction: Direction;
  channel: string;
  state: MessageState;
  state_reason: { code: string; detail: string } | null;
  account: { id: string; name: string; provider: string } | null;
  from: Address | null;
  to: Address[];
  cc: Address[];
  bcc: Address[];
  subject: string | null;
  preview: string;
  text: string | null;
  html: string | null;
  has_remote_images: boolean;
  quoted_text: string | null;
  attachments: Attachment[];
  threading: { rule: string; explanation: string } | null;
  rfc_message_id: string | null;
  provider_message_id: string | null;
  send_at: string | null;
  created_at: string;
  sent_at: string | null;
  delivered_at: string | null;
  attempts_count: number;
  parse_notice: string | null;
  author: { kind: 'user' | 'key' | 'system'; id: string | null; name: string } | null;
};

export type Attempt = {
  number: number;
  account: Named | null;
  started_at: string;
  ended_at: string | null;
  outcome: 'sent' | 'temporary' | 'rate_limited' | 'rejected' | 'misconfigured' | 'unknown' | 'in_flight';
  code: string | null;
  detail: string | null;
};

export type MessageEvent = {
  at: string;
  kind: string;
  detail: string | null;
  code: string | null;
  source: string | null;
};

export type MessageDetail = Message & {
  attempts: Attempt[];
  events: MessageEvent[];
  headers: unknown;
};

/** Without a content type the server finds it out. */
export type NewAttachment = { filename: string; content_type?: string; content_base64: string };

export type NewMessage = {
  channel: string;
  to?: string | string[];
  cc?: string[];
  bcc?: string[];
  subject?: string;
  text?: string;
  attachments?: NewAttachment[];
  account?: string | null;
  conversation_id?: string;
  in_reply_to?: string;
};

export type Accepted = { id: string; state: MessageState; conversation_id: string };

export type Decision = 'arrived' | 'send_again';

export type JournalState = 'received' | 'processed' | 'failed' | 'ignored';

export type JournalEntry = {
  id: string;
  source: string;
  account_id: string | null;
  received_at: string;
  state: JournalState;
  reason: string | null;
  size: number;
  dedupe_key: string | null;
  message_id: string | null;
  conversation_id: string | null;
  attempts: number;
};

export type FeedEvent = {
  seq: number;
  type: string;
  at: string;
  data: {
    message_id?: string;
    conversation_id?: string;
    contact_id?: string;
    account_id?: string;
    state?: string;
    direction?: Direction;
  };
};

export type AuditEntry = {
  seq: number;
  at: string;
  actor: { kind: string; id: string | null; name: string | null };
  action: string;
  subject: string | null;
  detail: Record<string, unknown> | string | null;
  hash: string;
};

export type Verification =
  | { ok: true; entries: number; head: string | null }
  | { ok: false; broken_at: number; explanation: string };

export type ChecklistStep = {
  id: string;
  title: string;
  done: boolean;
  detail: string | null;
  action: string | null;
};

export type ProblemBody = {
  type?: string;
  title?: string;
  status?: number;
  code?: string;
  detail?: string;
  errors?: { pointer: string; detail: string }[];
};
