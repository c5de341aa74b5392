-- Routing: how the messages of a channel are shared out among its accounts.

-- Among accounts of equal priority, each gets this part of the messages.
ALTER TABLE channel_accounts ADD COLUMN weight BIGINT NOT NULL DEFAULT 100;
-- The most messages a day (UTC) that the account may send; what is beyond goes through others or waits.
ALTER TABLE channel_accounts ADD COLUMN daily_limit BIGINT;
