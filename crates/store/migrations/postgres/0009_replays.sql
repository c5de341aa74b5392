-- Replays of webhooks, and a log of deliveries that every filter finds its way through.

-- All that a webhook was to get since a time, sent again.
CREATE TABLE webhook_replays (
    tenant_id BIGINT NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    webhook_id TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    since BIGINT NOT NULL,
    -- 1: only what did not arrive.
    only_failed BIGINT NOT NULL,
    -- It takes the events behind the first number, up to the last; so far it has come.
    first_seq BIGINT NOT NULL,
    last_seq BIGINT NOT NULL,
    reached_seq BIGINT NOT NULL,
    -- Deliveries that it sent again or for the first time.
    replayed BIGINT NOT NULL,
    -- Why it was given up.
    reason TEXT COLLATE "C",
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX webhook_replays_by_webhook ON webhook_replays (tenant_id, webhook_id, id);
CREATE INDEX webhook_replays_running ON webhook_replays (tenant_id, webhook_id) WHERE state = 'running';

-- Deliveries that were given up since something last arrived.
ALTER TABLE webhooks ADD COLUMN given_up BIGINT NOT NULL DEFAULT 0;

DROP INDEX webhook_deliveries_failed;
CREATE INDEX webhook_deliveries_by_state ON webhook_deliveries (tenant_id, webhook_id, state, id);
CREATE INDEX webhook_deliveries_by_type ON webhook_deliveries (tenant_id, webhook_id, event_type, state, id);
