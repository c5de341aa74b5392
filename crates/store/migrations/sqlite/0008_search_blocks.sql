-- Stretches of some four thousand documents each, by the number of the first: where to look for words that are common.
-- SQLite's index of words is in the order of documents by itself; the rows are kept here all the same, so that both
-- databases are told the same.
CREATE TABLE search_blocks (
    tenant_id BIGINT NOT NULL,
    first_doc BIGINT NOT NULL,
    -- How many it has been given.
    documents BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, first_doc)
) WITHOUT ROWID;
