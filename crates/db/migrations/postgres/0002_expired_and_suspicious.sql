-- What a post that nobody wanted was called: its keys as hashes, no content, so that a source that still lists it does not bring it back.
CREATE TABLE expired_post_keys (
    workspace_id BIGINT NOT NULL REFERENCES workspaces (id),
    key_hash TEXT COLLATE "C" NOT NULL,
    expired_at BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, key_hash)
);
CREATE INDEX expired_post_keys_age ON expired_post_keys (expired_at);
-- Contact forms that look machine-made: set apart until a person decides, or until they expire.
CREATE TABLE form_suspects (
    id BIGINT PRIMARY KEY,
    workspace_id BIGINT NOT NULL REFERENCES workspaces (id),
    account_id BIGINT NOT NULL,
    external_id TEXT COLLATE "C" NOT NULL,
    item JSONB NOT NULL,
    reasons JSONB NOT NULL,
    locale TEXT COLLATE "C" NOT NULL,
    received_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    UNIQUE (workspace_id, id),
    UNIQUE (workspace_id, account_id, external_id),
    FOREIGN KEY (workspace_id, account_id) REFERENCES channel_accounts (workspace_id, id)
);
CREATE INDEX form_suspects_expiry ON form_suspects (expires_at);
