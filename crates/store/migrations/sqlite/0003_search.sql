-- The index of words: what was said, by the words in it. It follows the event feed and can be made anew from it.

-- One row for each message and note. `doc` grows with its time (the tenant above, then tenths of a millisecond), so that
-- newest first is an order of the index and a span of time is a range of it.
CREATE TABLE search_documents (
    tenant_id BIGINT NOT NULL,
    doc BIGINT NOT NULL,
    -- The id of the message or entry. Where it stands is asked there: messages move from one conversation to another.
    source TEXT NOT NULL,
    PRIMARY KEY (tenant_id, doc)
) WITHOUT ROWID;
CREATE UNIQUE INDEX search_documents_by_source ON search_documents (tenant_id, source);

-- How far the feed was read.
CREATE TABLE search_cursors (
    tenant_id BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    PRIMARY KEY (tenant_id)
) WITHOUT ROWID;

-- Words come folded and with spaces between them. They are kept without the texts, which stand in their messages;
-- the rows are those of search_documents.
CREATE VIRTUAL TABLE search_words USING fts5(
    subject, sender, recipients, body, marks,
    content='', contentless_delete=1, tokenize='ascii', prefix='3'
);

-- The words themselves, to find those with a beginning. It goes with search_words and holds nothing of its own.
CREATE VIRTUAL TABLE IF NOT EXISTS search_words_each USING fts5vocab(search_words, instance);
