-- Stretches of some four thousand documents each, by the number of the first. Each document carries its stretch as a word
-- that no text has, so that the index of words, which knows no order, can be asked for one stretch after the other.
CREATE TABLE search_blocks (
    tenant_id BIGINT NOT NULL,
    first_doc BIGINT NOT NULL,
    -- How many it has been given.
    documents BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, first_doc)
);
-- Each look at a stretch reads what waits to be sorted in, so that is kept as short as can be.
ALTER INDEX search_words_by_word SET (gin_pending_list_limit = 64);
-- Made anew from the feed in the background, with the stretches.
TRUNCATE search_words, search_documents;
DELETE FROM search_cursors;
