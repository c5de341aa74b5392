-- Programs outside that are told of events.

CREATE TABLE webhooks (
    tenant_id BIGINT NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    url TEXT COLLATE "C" NOT NULL,
    description TEXT COLLATE "C" NOT NULL,
    -- Patterns as JSON: *, message.*, message.sent.
    events TEXT COLLATE "C" NOT NULL,
    enabled BIGINT NOT NULL,
    -- Why it was switched off, when nobody did it.
    disabled_reason TEXT COLLATE "C",
    -- The number of the newest event when it was switched on: it gets what comes behind.
    from_seq BIGINT NOT NULL,
    -- Since when there was nothing but failures.
    first_failed_at BIGINT,
    last_delivered_at BIGINT,
    last_error TEXT COLLATE "C",
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);

CREATE TABLE webhook_secrets (
    tenant_id BIGINT NOT NULL,
    webhook_id TEXT COLLATE "C" NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    sealed BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    -- It signs until then; without a time, until another takes its place.
    expires_at BIGINT,
    PRIMARY KEY (tenant_id, webhook_id, id)
);

-- How far the feed was read for webhooks.
CREATE TABLE webhook_cursors (
    tenant_id BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    PRIMARY KEY (tenant_id)
);

-- What is sent, once for all webhooks that get the event. Numbers below zero are those of test events.
CREATE TABLE webhook_bodies (
    tenant_id BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    body TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant_id, seq)
);
CREATE INDEX webhook_bodies_by_time ON webhook_bodies (tenant_id, created_at);

-- One event for one webhook. The id is the webhook-id that the other side sees, the same on each attempt.
CREATE TABLE webhook_deliveries (
    tenant_id BIGINT NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    webhook_id TEXT COLLATE "C" NOT NULL,
    seq BIGINT NOT NULL,
    event_type TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    -- Attempts in all, counted before the request leaves.
    attempts BIGINT NOT NULL,
    -- Attempts of before it was sent again by a person.
    attempts_before BIGINT NOT NULL,
    next_attempt_at BIGINT,
    lease TEXT COLLATE "C",
    created_at BIGINT NOT NULL,
    last_status BIGINT,
    last_error TEXT COLLATE "C",
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX webhook_deliveries_by_event ON webhook_deliveries (tenant_id, seq, webhook_id);
CREATE INDEX webhook_deliveries_by_webhook ON webhook_deliveries (tenant_id, webhook_id, id);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (tenant_id, webhook_id, next_attempt_at)
    WHERE next_attempt_at IS NOT NULL AND lease IS NULL;
CREATE INDEX webhook_deliveries_leased ON webhook_deliveries (lease, tenant_id, webhook_id) WHERE lease IS NOT NULL;
CREATE INDEX webhook_deliveries_failed ON webhook_deliveries (tenant_id, webhook_id, id) WHERE state = 'failed';

CREATE TABLE webhook_attempts (
    tenant_id BIGINT NOT NULL,
    delivery_id TEXT COLLATE "C" NOT NULL,
    number BIGINT NOT NULL,
    at BIGINT NOT NULL,
    url TEXT COLLATE "C" NOT NULL,
    -- As it was sent.
    signature TEXT COLLATE "C" NOT NULL,
    status BIGINT,
    -- Of the answer, as JSON pairs.
    headers TEXT COLLATE "C" NOT NULL,
    -- The beginning of the answer.
    body TEXT COLLATE "C",
    error TEXT COLLATE "C",
    took_ms BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, delivery_id, number)
);
