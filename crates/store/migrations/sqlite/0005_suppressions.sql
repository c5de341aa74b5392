-- Addresses that are not written to, and why. One entry for each reason: when a bounce is forgiven, who unsubscribed has
-- still unsubscribed.
CREATE TABLE suppressions (
    tenant_id BIGINT NOT NULL,
    address_key TEXT NOT NULL,
    channel TEXT NOT NULL,
    reason TEXT NOT NULL,
    id TEXT NOT NULL,
    -- As it was written when it was first seen.
    address TEXT NOT NULL,
    -- What stands behind the @; empty for phone numbers.
    domain_key TEXT NOT NULL,
    detail TEXT NOT NULL,
    -- The code of the evidence, such as 550 5.1.1.
    code TEXT,
    -- Who told: a provider, mail, person, api, import or chancery.
    source TEXT NOT NULL,
    message_id TEXT,
    account_id TEXT,
    added_by_kind TEXT,
    added_by_id TEXT,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, address_key, channel, reason)
);
CREATE UNIQUE INDEX suppressions_by_id ON suppressions (tenant_id, id);
CREATE INDEX suppressions_by_reason ON suppressions (tenant_id, reason, id);
CREATE INDEX suppressions_by_domain ON suppressions (tenant_id, domain_key, id);
