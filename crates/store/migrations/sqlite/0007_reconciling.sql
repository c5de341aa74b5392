-- Reconciling: providers are asked about what they did not tell.

-- Of an opening or a click: 1 when a program did it, 0 when a person did; nothing where the provider does not say.
ALTER TABLE message_events ADD COLUMN is_machine BIGINT;

-- How far the provider of an account was asked for events that its webhooks should have told.
CREATE TABLE account_cursors (
    tenant_id BIGINT NOT NULL,
    account_id TEXT NOT NULL,
    -- What happened before was asked for.
    heard_until BIGINT NOT NULL,
    -- When it is asked again.
    due_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, account_id)
) WITHOUT ROWID;

-- Messages of unknown outcome about which the provider is asked, at growing distances.
CREATE TABLE inquiries (
    tenant_id BIGINT NOT NULL,
    message_id TEXT NOT NULL,
    -- When the outcome became unknown.
    since BIGINT NOT NULL,
    -- How often the provider was asked.
    asked BIGINT NOT NULL,
    -- When it is asked next; nothing when it is not asked any more and a person has to decide.
    due_at BIGINT,
    PRIMARY KEY (tenant_id, message_id)
) WITHOUT ROWID;
