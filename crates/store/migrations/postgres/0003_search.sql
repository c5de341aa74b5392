-- The index of words: what was said, by the words in it. It follows the event feed and can be made anew from it.

-- One row for each message and note. `doc` grows with its time (the tenant above, then tenths of a millisecond), so that
-- newest first is an order of the index and a span of time is a range of it.
CREATE TABLE search_documents (
    tenant_id BIGINT NOT NULL,
    doc BIGINT NOT NULL,
    -- The id of the message or entry. Where it stands is asked there: messages move from one conversation to another.
    source TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant_id, doc)
);
CREATE UNIQUE INDEX search_documents_by_source ON search_documents (tenant_id, source);

-- How far the feed was read.
CREATE TABLE search_cursors (
    tenant_id BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    PRIMARY KEY (tenant_id)
);

-- Words come folded and with spaces between them; weights A to D are subject, sender, recipients and body. The rows are
-- those of search_documents.
CREATE TABLE search_words (
    tenant_id BIGINT NOT NULL,
    doc BIGINT NOT NULL,
    words TSVECTOR NOT NULL,
    PRIMARY KEY (tenant_id, doc)
);
-- Every search reads the list of what waits to be sorted in, so that is kept short.
CREATE INDEX search_words_by_word ON search_words USING GIN (words) WITH (gin_pending_list_limit = 512);
