-- Addresses that are not written to, and why. One entry for each reason: when a bounce is forgiven, who unsubscribed has
-- still unsubscribed.
CREATE TABLE suppressions (
    tenant_id BIGINT NOT NULL,
    address_key TEXT COLLATE "C" NOT NULL,
    channel TEXT COLLATE "C" NOT NULL,
    reason TEXT COLLATE "C" NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    -- As it was written when it was first seen.
    address TEXT COLLATE "C" NOT NULL,
    -- What stands behind the @; empty for phone numbers.
    domain_key TEXT COLLATE "C" NOT NULL,
    detail TEXT COLLATE "C" NOT NULL,
    -- The code of the evidence, such as 550 5.1.1.
    code TEXT COLLATE "C",
    -- Who told: a provider, mail, person, api, import or chancery.
    source TEXT COLLATE "C" NOT NULL,
    message_id TEXT COLLATE "C",
    account_id TEXT COLLATE "C",
    added_by_kind TEXT COLLATE "C",
    added_by_id TEXT COLLATE "C",
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, address_key, channel, reason)
);
CREATE UNIQUE INDEX suppressions_by_id ON suppressions (tenant_id, id);
CREATE INDEX suppressions_by_reason ON suppressions (tenant_id, reason, id);
CREATE INDEX suppressions_by_domain ON suppressions (tenant_id, domain_key, id);
