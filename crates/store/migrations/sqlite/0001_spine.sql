-- The spine: tenants and people, channel accounts, contacts, conversations, messages, the send queue, the inbound
-- journal, the event feed, idempotency and audit. Times are microseconds since 1970 UTC; truth is 0 or 1; ids are TypeIDs.
--
-- Only tables of short rows are WITHOUT ROWID: its trees keep rows in their inner pages too, and move everything above a
-- quarter of a page to a page of its own.

CREATE TABLE tenants (
    tenant_id BIGINT NOT NULL,
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id)
) WITHOUT ROWID;

CREATE TABLE settings (
    tenant_id BIGINT NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (tenant_id, name)
) WITHOUT ROWID;

-- People sign in before their tenant is known, so users and sessions are found without one.
CREATE TABLE users (
    id TEXT NOT NULL,
    email TEXT NOT NULL,
    email_key TEXT NOT NULL,
    name TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    disabled_at BIGINT,
    PRIMARY KEY (id)
);
CREATE UNIQUE INDEX users_by_email ON users (email_key);

CREATE TABLE memberships (
    tenant_id BIGINT NOT NULL,
    user_id TEXT NOT NULL,
    role TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, user_id)
) WITHOUT ROWID;
CREATE INDEX memberships_by_user ON memberships (user_id);

CREATE TABLE sessions (
    token_hash BLOB NOT NULL,
    tenant_id BIGINT NOT NULL,
    user_id TEXT NOT NULL,
    csrf_token TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (token_hash)
) WITHOUT ROWID;
CREATE INDEX sessions_by_user ON sessions (user_id);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

-- One-time links: set-up of the first owner, and sign-in without a password (demo).
CREATE TABLE links (
    token_hash BLOB NOT NULL,
    purpose TEXT NOT NULL,
    tenant_id BIGINT NOT NULL,
    user_id TEXT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (token_hash)
) WITHOUT ROWID;

CREATE TABLE api_keys (
    tenant_id BIGINT NOT NULL,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    prefix TEXT NOT NULL,
    key_hash BLOB NOT NULL,
    scopes TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT,
    revoked_at BIGINT,
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX api_keys_by_hash ON api_keys (key_hash);

CREATE TABLE channel_accounts (
    tenant_id BIGINT NOT NULL,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    channel TEXT NOT NULL,
    provider TEXT NOT NULL,
    enabled BIGINT NOT NULL,
    priority BIGINT NOT NULL,
    sender_name TEXT,
    sender_address TEXT,
    settings TEXT NOT NULL,
    secrets BLOB NOT NULL,
    secrets_set TEXT NOT NULL,
    webhook_secret BLOB NOT NULL,
    webhook_hash BLOB NOT NULL,
    on_unknown TEXT NOT NULL,
    rate_per_second BIGINT,
    concurrency BIGINT NOT NULL,
    health TEXT NOT NULL,
    last_error TEXT,
    last_error_at BIGINT,
    last_sent_at BIGINT,
    last_inbound_at BIGINT,
    checked_at BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    deleted_at BIGINT,
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX channel_accounts_by_webhook ON channel_accounts (webhook_hash);

-- Which addresses are taken in, and for whom. Mail arrives before its tenant is known.
CREATE TABLE inbound_routes (
    tenant_id BIGINT NOT NULL,
    id TEXT NOT NULL,
    address_key TEXT NOT NULL,
    account_id TEXT,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX inbound_routes_by_address ON inbound_routes (address_key);

CREATE TABLE contacts (
    tenant_id BIGINT NOT NULL,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    attributes TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    last_seen_at BIGINT,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX contacts_by_name ON contacts (tenant_id, name_key, id);

CREATE TABLE identities (
    tenant_id BIGINT NOT NULL,
    channel TEXT NOT NULL,
    address_key TEXT NOT NULL,
    address TEXT NOT NULL,
    contact_id TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, channel, address_key)
) WITHOUT ROWID;
CREATE INDEX identities_by_contact ON identities (tenant_id, contact_id);

CREATE TABLE conversations (
    tenant_id BIGINT NOT NULL,
    id TEXT NOT NULL,
    contact_id TEXT NOT NULL,
    subject TEXT NOT NULL,
    channel TEXT NOT NULL,
    state TEXT NOT NULL,
    priority TEXT NOT NULL,
    assignee_id TEXT,
    in_tray BIGINT NOT NULL,
    claims_conversation_id TEXT,
    unread BIGINT NOT NULL,
    message_count BIGINT NOT NULL,
    last_message_id TEXT,
    last_direction TEXT,
    last_preview TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    last_activity_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX conversations_by_state ON conversations (tenant_id, state, last_activity_at, id);
CREATE INDEX conversations_by_contact ON conversations (tenant_id, contact_id, last_activity_at, id);
CREATE INDEX conversations_by_assignee ON conversations (tenant_id, assignee_id, state, last_activity_at, id)
    WHERE assignee_id IS NOT NULL;
CREATE INDEX conversations_in_tray ON conversations (tenant_id, last_activity_at, id) WHERE in_tray = 1;

CREATE TABLE threads (
    tenant_id BIGINT NOT NULL,
    id TEXT NOT NULL,
    conversation_id TEXT NOT NULL,
    contact_id TEXT NOT NULL,
    channel TEXT NOT NULL,
    account_id TEXT,
    subject_key TEXT NOT NULL,
    last_activity_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX threads_by_subject ON threads (tenant_id, contact_id, subject_key, last_activity_at);
CREATE INDEX threads_by_conversation ON threads (tenant_id, conversation_id);

-- Addresses beside the contact that take part in a thread (cc, colleagues who answered); the contact itself is implied.
CREATE TABLE thread_participants (
    tenant_id BIGINT NOT NULL,
    thread_id TEXT NOT NULL,
    address_key TEXT NOT NULL,
    PRIMARY KEY (tenant_id, thread_id, address_key)
) WITHOUT ROWID;

CREATE TABLE messages (
    tenant_id BIGINT NOT NULL,
    id TEXT NOT NULL,
    conversation_id TEXT NOT NULL,
    thread_id TEXT NOT NULL,
    contact_id TEXT NOT NULL,
    direction TEXT NOT NULL,
    channel TEXT NOT NULL,
    state TEXT NOT NULL,
    reason_code TEXT,
    reason_detail TEXT,
    account_id TEXT,
    subject TEXT NOT NULL,
    preview TEXT NOT NULL,
    rule TEXT NOT NULL,
    rfc_message_id TEXT,
    provider_message_id TEXT,
    journal_id TEXT,
    author_kind TEXT NOT NULL,
    author_id TEXT,
    attempts BIGINT NOT NULL,
    on_unknown TEXT,
    send_at BIGINT,
    created_at BIGINT NOT NULL,
    sent_at BIGINT,
    delivered_at BIGINT,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX messages_by_conversation ON messages (tenant_id, conversation_id, id);
-- Our own Message-IDs carry the message's id; only foreign ones have to be looked up.
CREATE INDEX messages_by_rfc_id ON messages (tenant_id, rfc_message_id) WHERE direction = 'inbound';
CREATE INDEX messages_by_provider_id ON messages (tenant_id, provider_message_id)
    WHERE provider_message_id IS NOT NULL;
CREATE INDEX messages_unsettled ON messages (tenant_id, state, id)
    WHERE state IN ('queued', 'sending', 'unknown', 'failed', 'bounced', 'held', 'blocked', 'scheduled', 'deferred',
                    'draft');

-- What a message says, apart from what lists need.
CREATE TABLE message_bodies (
    tenant_id BIGINT NOT NULL,
    message_id TEXT NOT NULL,
    -- JSON: from, to, cc, bcc, reply_to, headers, in_reply_to, references, metadata, parse_notice
    envelope TEXT NOT NULL,
    body_text TEXT,
    body_html TEXT,
    PRIMARY KEY (tenant_id, message_id)
);

CREATE TABLE attachments (
    tenant_id BIGINT NOT NULL,
    message_id TEXT NOT NULL,
    id TEXT NOT NULL,
    position BIGINT NOT NULL,
    filename TEXT NOT NULL,
    content_type TEXT NOT NULL,
    content_id TEXT,
    inline BIGINT NOT NULL,
    size BIGINT NOT NULL,
    sha256 TEXT NOT NULL,
    PRIMARY KEY (tenant_id, message_id, id)
);

CREATE TABLE attempts (
    tenant_id BIGINT NOT NULL,
    message_id TEXT NOT NULL,
    number BIGINT NOT NULL,
    account_id TEXT NOT NULL,
    started_at BIGINT NOT NULL,
    ended_at BIGINT,
    outcome TEXT NOT NULL,
    code TEXT,
    detail TEXT NOT NULL,
    PRIMARY KEY (tenant_id, message_id, number)
);

CREATE TABLE message_events (
    tenant_id BIGINT NOT NULL,
    message_id TEXT NOT NULL,
    dedupe_key TEXT NOT NULL,
    at BIGINT NOT NULL,
    kind TEXT NOT NULL,
    source TEXT NOT NULL,
    code TEXT,
    detail TEXT NOT NULL,
    recipient TEXT,
    PRIMARY KEY (tenant_id, message_id, dedupe_key)
);

-- The send queue: a row for each message that is still to be sent, deleted when it is done. What a dead process held is
-- found by a walk over it, at its successor's start: an index for that would cost every message two writes.
CREATE TABLE deliveries (
    tenant_id BIGINT NOT NULL,
    message_id TEXT NOT NULL,
    account_id TEXT NOT NULL,
    lane BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    lease TEXT,
    started_at BIGINT,
    PRIMARY KEY (tenant_id, message_id)
) WITHOUT ROWID;
CREATE INDEX deliveries_due ON deliveries (tenant_id, account_id, lane, due_at) WHERE lease IS NULL;

-- Processes that hold leases. A lease whose process is not alive any more is free.
CREATE TABLE epochs (
    id TEXT NOT NULL,
    started_at BIGINT NOT NULL,
    alive_until BIGINT NOT NULL,
    PRIMARY KEY (id)
) WITHOUT ROWID;

CREATE TABLE jobs (
    tenant_id BIGINT NOT NULL,
    id TEXT NOT NULL,
    kind TEXT NOT NULL,
    payload TEXT NOT NULL,
    due_at BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    lease TEXT,
    last_error TEXT,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX jobs_due ON jobs (due_at) WHERE lease IS NULL;

-- Work that comes round again, such as clean-up.
CREATE TABLE schedules (
    name TEXT NOT NULL,
    due_at BIGINT NOT NULL,
    PRIMARY KEY (name)
) WITHOUT ROWID;

-- Everything that came in, as it came, before anything was made of it.
CREATE TABLE inbound_journal (
    tenant_id BIGINT NOT NULL,
    id TEXT NOT NULL,
    source TEXT NOT NULL,
    account_id TEXT,
    dedupe_key TEXT NOT NULL,
    received_at BIGINT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT,
    attempts BIGINT NOT NULL,
    lease TEXT,
    message_id TEXT,
    conversation_id TEXT,
    -- JSON: what came beside the body (envelope, headers that matter)
    context TEXT NOT NULL,
    size BIGINT NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX inbound_journal_by_key ON inbound_journal (tenant_id, dedupe_key);
CREATE INDEX inbound_journal_waiting ON inbound_journal (received_at) WHERE state = 'received' AND lease IS NULL;
CREATE INDEX inbound_journal_leased ON inbound_journal (lease) WHERE lease IS NOT NULL;
CREATE INDEX inbound_journal_odd ON inbound_journal (tenant_id, state, id) WHERE state <> 'processed';

-- The feed of each tenant: one number per event, without gaps, in the order of commits.
CREATE TABLE feeds (
    tenant_id BIGINT NOT NULL,
    last_seq BIGINT NOT NULL,
    PRIMARY KEY (tenant_id)
) WITHOUT ROWID;

CREATE TABLE events (
    tenant_id BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    type TEXT NOT NULL,
    at BIGINT NOT NULL,
    facts TEXT NOT NULL,
    PRIMARY KEY (tenant_id, seq)
);

CREATE TABLE counters (
    tenant_id BIGINT NOT NULL,
    name TEXT NOT NULL,
    value BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, name)
) WITHOUT ROWID;

CREATE TABLE idempotency_keys (
    tenant_id BIGINT NOT NULL,
    key TEXT NOT NULL,
    fingerprint BLOB NOT NULL,
    created_at BIGINT NOT NULL,
    status BIGINT,
    answer BLOB,
    PRIMARY KEY (tenant_id, key)
);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);

CREATE TABLE audit_entries (
    tenant_id BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    at BIGINT NOT NULL,
    actor_kind TEXT NOT NULL,
    actor_id TEXT,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail TEXT NOT NULL,
    hash TEXT NOT NULL,
    PRIMARY KEY (tenant_id, seq)
);
