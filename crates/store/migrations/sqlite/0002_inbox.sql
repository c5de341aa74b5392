-- The inbox: teams, tags, notes and activity, what each person has read, drafts, canned responses, saved views,
-- notifications, rearrangements that can be undone, imports, and mailboxes that are read by IMAP.

ALTER TABLE conversations ADD COLUMN team_id TEXT;
-- JSON: the ids of its tags, in the order in which they were put.
ALTER TABLE conversations ADD COLUMN tags TEXT NOT NULL DEFAULT '[]';
-- When a snoozed conversation wakes; nothing with state `snoozed`: when the contact writes.
ALTER TABLE conversations ADD COLUMN snoozed_until BIGINT;
-- Messages of the contact: what a person has read is compared with it.
ALTER TABLE conversations ADD COLUMN inbound_count BIGINT NOT NULL DEFAULT 0;
-- Where its messages are, when its state is `merged`.
ALTER TABLE conversations ADD COLUMN merged_into TEXT;
CREATE INDEX conversations_by_team ON conversations (tenant_id, team_id, state, last_activity_at, id)
    WHERE team_id IS NOT NULL;
UPDATE conversations
SET inbound_count = (SELECT COUNT(*)
                     FROM messages m
                     WHERE m.tenant_id = conversations.tenant_id AND m.conversation_id = conversations.id
                       AND m.direction = 'inbound');

ALTER TABLE messages ADD COLUMN file_count BIGINT NOT NULL DEFAULT 0;
-- By which mark a machine says that it wrote this: nothing may be answered automatically.
ALTER TABLE messages ADD COLUMN automatic TEXT;
UPDATE messages
SET file_count = (SELECT COUNT(*)
                  FROM attachments a
                  WHERE a.tenant_id = messages.tenant_id AND a.message_id = messages.id);

ALTER TABLE contacts ADD COLUMN owner_id TEXT;
ALTER TABLE contacts ADD COLUMN time_zone TEXT;
ALTER TABLE contacts ADD COLUMN locale TEXT;
ALTER TABLE contacts ADD COLUMN merged_into TEXT;
CREATE INDEX contacts_by_owner ON contacts (tenant_id, owner_id, id) WHERE owner_id IS NOT NULL;
CREATE INDEX contacts_by_seen ON contacts (tenant_id, last_seen_at, id) WHERE last_seen_at IS NOT NULL;
CREATE INDEX identities_by_channel ON identities (tenant_id, channel, contact_id);

-- Words of names and addresses, by whose beginnings contacts are found.
CREATE TABLE contact_words (
    tenant_id BIGINT NOT NULL,
    word TEXT NOT NULL,
    contact_id TEXT NOT NULL,
    PRIMARY KEY (tenant_id, word, contact_id)
) WITHOUT ROWID;

-- Attributes once more, to find contacts by them; kept in step with the contact.
CREATE TABLE contact_attributes (
    tenant_id BIGINT NOT NULL,
    key TEXT NOT NULL,
    value_key TEXT NOT NULL,
    contact_id TEXT NOT NULL,
    PRIMARY KEY (tenant_id, key, value_key, contact_id)
) WITHOUT ROWID;
-- What is found by these is looked at again, so it may be less than the words that are written from now on.
INSERT INTO contact_words (tenant_id, word, contact_id)
SELECT tenant_id, address_key, contact_id
FROM identities
UNION
SELECT tenant_id, name_key, id
FROM contacts
WHERE name_key <> '';
-- Lists by name show those without one by their address.
UPDATE contacts
SET name_key = COALESCE((SELECT MIN(i.address_key)
                         FROM identities i
                         WHERE i.tenant_id = contacts.tenant_id AND i.contact_id = contacts.id), '')
WHERE name_key = '';

CREATE TABLE teams (
    tenant_id BIGINT NOT NULL,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id)
) WITHOUT ROWID;

CREATE TABLE team_members (
    tenant_id BIGINT NOT NULL,
    team_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    PRIMARY KEY (tenant_id, team_id, user_id)
) WITHOUT ROWID;
CREATE INDEX team_members_by_user ON team_members (tenant_id, user_id);

CREATE TABLE tags (
    tenant_id BIGINT NOT NULL,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    color TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX tags_by_name ON tags (tenant_id, name_key);

-- Which conversations have a tag, with what lists sort by; kept in step with the conversation.
CREATE TABLE conversation_tags (
    tenant_id BIGINT NOT NULL,
    tag_id TEXT NOT NULL,
    state TEXT NOT NULL,
    last_activity_at BIGINT NOT NULL,
    conversation_id TEXT NOT NULL,
    PRIMARY KEY (tenant_id, tag_id, state, last_activity_at, conversation_id)
) WITHOUT ROWID;

-- Message-IDs that mail of a thread names and that have not come: the mail that carries one belongs there, whenever it comes.
CREATE TABLE awaited_messages (
    tenant_id BIGINT NOT NULL,
    rfc_message_id TEXT NOT NULL,
    thread_id TEXT NOT NULL,
    PRIMARY KEY (tenant_id, rfc_message_id, thread_id)
) WITHOUT ROWID;

-- How many of the contact's messages a person has seen.
CREATE TABLE reads (
    tenant_id BIGINT NOT NULL,
    conversation_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    seen BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, conversation_id, user_id)
) WITHOUT ROWID;

-- What stands between the messages of a conversation: notes of people, and one line for each change.
CREATE TABLE conversation_entries (
    tenant_id BIGINT NOT NULL,
    id TEXT NOT NULL,
    conversation_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    at BIGINT NOT NULL,
    author_kind TEXT NOT NULL,
    author_id TEXT,
    -- Notes: the text. Changes: nothing.
    body TEXT NOT NULL,
    -- JSON. Notes: mentions and files. Changes: what changed, from what to what.
    facts TEXT NOT NULL,
    edited_at BIGINT,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX conversation_entries_by_conversation ON conversation_entries (tenant_id, conversation_id, id);

CREATE TABLE notifications (
    tenant_id BIGINT NOT NULL,
    user_id TEXT NOT NULL,
    id TEXT NOT NULL,
    kind TEXT NOT NULL,
    conversation_id TEXT,
    -- The message or entry that it is about.
    subject_id TEXT,
    actor_id TEXT,
    detail TEXT NOT NULL,
    at BIGINT NOT NULL,
    read_at BIGINT,
    PRIMARY KEY (tenant_id, user_id, id)
);
CREATE INDEX notifications_by_time ON notifications (tenant_id, user_id, at, id);
CREATE INDEX notifications_unread ON notifications (tenant_id, user_id, conversation_id) WHERE read_at IS NULL;

CREATE TABLE drafts (
    tenant_id BIGINT NOT NULL,
    id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    conversation_id TEXT,
    kind TEXT NOT NULL,
    -- JSON: to, cc, bcc, subject, text, files, in_reply_to, forward_of
    content TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX drafts_by_user ON drafts (tenant_id, user_id, updated_at, id);

-- Files that wait to be sent, or belong to a note.
CREATE TABLE uploads (
    tenant_id BIGINT NOT NULL,
    id TEXT NOT NULL,
    -- The user or key that sent it.
    owner_id TEXT,
    filename TEXT NOT NULL,
    content_type TEXT NOT NULL,
    size BIGINT NOT NULL,
    sha256 TEXT NOT NULL,
    -- The note that it belongs to; it is kept as long as that.
    entry_id TEXT,
    created_at BIGINT NOT NULL,
    -- When to look whether it is still wanted.
    keep_until BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX uploads_to_look_at ON uploads (keep_until) WHERE entry_id IS NULL;

CREATE TABLE canned_responses (
    tenant_id BIGINT NOT NULL,
    id TEXT NOT NULL,
    shortcut TEXT NOT NULL,
    name TEXT NOT NULL,
    body TEXT NOT NULL,
    used_count BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX canned_responses_by_shortcut ON canned_responses (tenant_id, shortcut);

-- A saved view is a search with a name; with no owner it is everybody's.
CREATE TABLE views (
    tenant_id BIGINT NOT NULL,
    id TEXT NOT NULL,
    owner_id TEXT,
    name TEXT NOT NULL,
    query TEXT NOT NULL,
    position BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);

-- A merge, split or move, with what is needed to undo it. Nothing is deleted by any of them.
CREATE TABLE rearrangements (
    tenant_id BIGINT NOT NULL,
    id TEXT NOT NULL,
    kind TEXT NOT NULL,
    -- The conversation or contact in which things are now.
    subject_id TEXT NOT NULL,
    actor_kind TEXT NOT NULL,
    actor_id TEXT,
    at BIGINT NOT NULL,
    undone_at BIGINT,
    -- JSON: what was where before.
    before TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX rearrangements_by_subject ON rearrangements (tenant_id, subject_id, id);

CREATE TABLE contact_imports (
    tenant_id BIGINT NOT NULL,
    id TEXT NOT NULL,
    state TEXT NOT NULL,
    -- JSON: format, mapping, what to do with those that are known
    request TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    total BIGINT NOT NULL,
    done BIGINT NOT NULL,
    -- JSON: created, updated, unchanged, refused, and the first faults by row
    result TEXT NOT NULL,
    actor_kind TEXT NOT NULL,
    actor_id TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);

-- Mailboxes that are read by IMAP.
CREATE TABLE mailboxes (
    tenant_id BIGINT NOT NULL,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    account_id TEXT,
    enabled BIGINT NOT NULL,
    -- JSON: host, port, security, username, authentication, folders, after_filing, …
    settings TEXT NOT NULL,
    secrets BLOB NOT NULL,
    secrets_set TEXT NOT NULL,
    health TEXT NOT NULL,
    last_error TEXT,
    last_error_at BIGINT,
    last_seen_at BIGINT,
    last_mail_at BIGINT,
    -- The process that reads it, in a cluster.
    lease TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    deleted_at BIGINT,
    PRIMARY KEY (tenant_id, id)
);

-- How far each folder was read. From `first_uid` up to `next_uid` every mail is in the journal, except those listed as
-- skipped; those before `first_uid` were there already when the mailbox was added.
CREATE TABLE mailbox_folders (
    tenant_id BIGINT NOT NULL,
    mailbox_id TEXT NOT NULL,
    folder TEXT NOT NULL,
    uid_validity BIGINT NOT NULL,
    first_uid BIGINT NOT NULL,
    next_uid BIGINT NOT NULL,
    -- JSON: UIDs that could not be fetched, with the reason
    skipped TEXT NOT NULL,
    checked_at BIGINT,
    PRIMARY KEY (tenant_id, mailbox_id, folder)
);

-- Which mails of a mailbox are in the journal, and their content, by which they are known after the UIDs have changed.
CREATE TABLE mailbox_mails (
    tenant_id BIGINT NOT NULL,
    mailbox_id TEXT NOT NULL,
    folder TEXT NOT NULL,
    uid_validity BIGINT NOT NULL,
    uid BIGINT NOT NULL,
    sha256 TEXT NOT NULL,
    PRIMARY KEY (tenant_id, mailbox_id, folder, uid_validity, uid)
) WITHOUT ROWID;
CREATE INDEX mailbox_mails_by_content ON mailbox_mails (tenant_id, mailbox_id, sha256);
