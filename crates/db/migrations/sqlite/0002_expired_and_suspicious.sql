-- What a post that nobody wanted was called: its keys as hashes, no content, so that a source that still lists it does not bring it back.
CREATE TABLE expired_post_keys (
    workspace_id INTEGER NOT NULL REFERENCES workspaces (id),
    key_hash TEXT NOT NULL,
    expired_at INTEGER NOT NULL,
    PRIMARY KEY (workspace_id, key_hash)
) STRICT;
CREATE INDEX expired_post_keys_age ON expired_post_keys (expired_at);
-- Contact forms that look machine-made: set apart until a person decides, or until they expire.
CREATE TABLE form_suspects (
    id INTEGER PRIMARY KEY,
    workspace_id INTEGER NOT NULL REFERENCES workspaces (id),
    account_id INTEGER NOT NULL,
    external_id TEXT NOT NULL,
    item TEXT NOT NULL,
    reasons TEXT NOT NULL,
    locale TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    UNIQUE (workspace_id, id),
    UNIQUE (workspace_id, account_id, external_id),
    FOREIGN KEY (workspace_id, account_id) REFERENCES channel_accounts (workspace_id, id)
) STRICT;
CREATE INDEX form_suspects_expiry ON form_suspects (expires_at);
