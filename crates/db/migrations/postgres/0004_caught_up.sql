-- When an account had read through what a source shared with others held before it joined: from then on what the source brings is news to it,
-- also what is read again because somebody else joins.
ALTER TABLE channel_accounts ADD COLUMN caught_up_at BIGINT;
UPDATE channel_accounts SET caught_up_at = created_at WHERE state = 'active' AND source_id IN
    (SELECT id FROM sources WHERE cursor IS NOT NULL AND source_key NOT LIKE 'account:%');
