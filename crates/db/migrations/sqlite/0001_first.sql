-- The first schema. Conventions (two-engines, ARCHITECTURE.md "Storage"): ids BIGINT, instants BIGINT microseconds UTC, JSON columns bound as
-- Json<_>, workspace tables carry workspace_id, UNIQUE (workspace_id, id) and composite references. Never edited after it landed.

-- Installation ------------------------------------------------------------------------------------------------------------------
CREATE TABLE settings (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;
CREATE TABLE nodes (
    number INTEGER PRIMARY KEY,
    holder TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    last_used INTEGER NOT NULL
) STRICT;
CREATE TABLE leases (
    name TEXT PRIMARY KEY,
    holder TEXT NOT NULL,
    fence INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE TABLE users (
    id INTEGER PRIMARY KEY,
    email TEXT NOT NULL,
    email_key TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    password_hash TEXT,
    locale TEXT NOT NULL,
    time_zone TEXT,
    theme TEXT NOT NULL DEFAULT 'system',
    shortcuts INTEGER NOT NULL DEFAULT TRUE,
    next_after_answer INTEGER NOT NULL DEFAULT TRUE,
    is_installation_admin INTEGER NOT NULL DEFAULT FALSE,
    disabled_at INTEGER,
    created_at INTEGER NOT NULL
) STRICT;
CREATE TABLE sessions (
    id INTEGER PRIMARY KEY,
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    token_hash BLOB NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    user_agent TEXT NOT NULL,
    address TEXT NOT NULL
) STRICT;
CREATE INDEX sessions_user ON sessions (user_id, id);
-- Links that work once: first-run set-up, invitation, password reset. Only the hash of the token is kept.
CREATE TABLE one_time_links (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    token_hash BLOB NOT NULL UNIQUE,
    user_id INTEGER REFERENCES users (id) ON DELETE CASCADE,
    workspace_id INTEGER,
    detail TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at INTEGER
) STRICT;
CREATE TABLE rate_limits (
    key TEXT PRIMARY KEY,
    window_start INTEGER NOT NULL,
    count INTEGER NOT NULL
) STRICT;
CREATE TABLE workspaces (
    id INTEGER PRIMARY KEY,
    slug TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    locale TEXT NOT NULL,
    time_zone TEXT NOT NULL,
    is_demo INTEGER NOT NULL DEFAULT FALSE,
    created_at INTEGER NOT NULL
) STRICT;
CREATE TABLE sources (
    id INTEGER PRIMARY KEY,
    channel TEXT NOT NULL,
    source_key TEXT NOT NULL,
    settings TEXT NOT NULL,
    secret BLOB,
    secret_key_id TEXT,
    cursor TEXT,
    state TEXT NOT NULL,
    keep TEXT NOT NULL DEFAULT 'all',
    health TEXT,
    failures INTEGER NOT NULL DEFAULT 0,
    next_at INTEGER NOT NULL,
    last_ok_at INTEGER,
    last_item_at INTEGER,
    fence INTEGER NOT NULL DEFAULT 0,
    revision INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    UNIQUE (channel, source_key)
) STRICT;
CREATE TABLE jobs (
    id INTEGER PRIMARY KEY,
    workspace_id INTEGER,
    kind TEXT NOT NULL,
    payload TEXT NOT NULL,
    state TEXT NOT NULL,
    run_at INTEGER NOT NULL,
    order_key TEXT,
    attempts INTEGER NOT NULL DEFAULT 0,
    max_attempts INTEGER NOT NULL,
    holder TEXT,
    fence INTEGER NOT NULL DEFAULT 0,
    lease_until INTEGER,
    failure TEXT,
    created_at INTEGER NOT NULL,
    finished_at INTEGER
) STRICT;
CREATE INDEX jobs_ready ON jobs (state, run_at, id);
CREATE INDEX jobs_order ON jobs (order_key, state, id);
CREATE TABLE schedules (
    name TEXT PRIMARY KEY,
    next_at INTEGER NOT NULL,
    last_at INTEGER
) STRICT;
-- Which workspace an inbound mail address belongs to, installation-wide.
CREATE TABLE inbound_addresses (
    address_key TEXT PRIMARY KEY,
    workspace_id INTEGER NOT NULL REFERENCES workspaces (id),
    account_id INTEGER NOT NULL
) STRICT;

-- People of a workspace ---------------------------------------------------------------------------------------------------------
CREATE TABLE memberships (
    id INTEGER PRIMARY KEY,
    workspace_id INTEGER NOT NULL REFERENCES workspaces (id),
    user_id INTEGER NOT NULL REFERENCES users (id),
    created_at INTEGER NOT NULL,
    UNIQUE (workspace_id, id),
    UNIQUE (workspace_id, user_id)
) STRICT;
CREATE INDEX memberships_user ON memberships (user_id, workspace_id);
CREATE TABLE roles (
    id INTEGER PRIMARY KEY,
    workspace_id INTEGER NOT NULL REFERENCES workspaces (id),
    name TEXT NOT NULL,
    builtin TEXT,
    permissions TEXT NOT NULL,
    UNIQUE (workspace_id, id),
    UNIQUE (workspace_id, name)
) STRICT;
CREATE TABLE teams (
    id INTEGER PRIMARY KEY,
    workspace_id INTEGER NOT NULL REFERENCES workspaces (id),
    name TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    UNIQUE (workspace_id, id),
    UNIQUE (workspace_id, name)
) STRICT;
CREATE TABLE team_members (
    workspace_id INTEGER NOT NULL,
    team_id INTEGER NOT NULL,
    membership_id INTEGER NOT NULL,
    PRIMARY KEY (workspace_id, team_id, membership_id),
    FOREIGN KEY (workspace_id, team_id) REFERENCES teams (workspace_id, id) ON DELETE CASCADE,
    FOREIGN KEY (workspace_id, membership_id) REFERENCES memberships (workspace_id, id) ON DELETE CASCADE
) STRICT;
CREATE TABLE channel_accounts (
    id INTEGER PRIMARY KEY,
    workspace_id INTEGER NOT NULL REFERENCES workspaces (id),
    source_id INTEGER REFERENCES sources (id),
    channel TEXT NOT NULL,
    name TEXT NOT NULL,
    address TEXT,
    settings TEXT NOT NULL,
    state TEXT NOT NULL,
    team_id INTEGER,
    items INTEGER NOT NULL DEFAULT 0,
    last_activity_at INTEGER,
    created_at INTEGER NOT NULL,
    removed_at INTEGER,
    UNIQUE (workspace_id, id),
    FOREIGN KEY (workspace_id, team_id) REFERENCES teams (workspace_id, id)
) STRICT;
CREATE INDEX channel_accounts_source ON channel_accounts (source_id);
CREATE TABLE membership_roles (
    workspace_id INTEGER NOT NULL,
    membership_id INTEGER NOT NULL,
    role_id INTEGER NOT NULL,
    team_id INTEGER,
    account_id INTEGER,
    FOREIGN KEY (workspace_id, membership_id) REFERENCES memberships (workspace_id, id) ON DELETE CASCADE,
    FOREIGN KEY (workspace_id, role_id) REFERENCES roles (workspace_id, id) ON DELETE CASCADE,
    FOREIGN KEY (workspace_id, team_id) REFERENCES teams (workspace_id, id) ON DELETE CASCADE,
    FOREIGN KEY (workspace_id, account_id) REFERENCES channel_accounts (workspace_id, id) ON DELETE CASCADE
) STRICT;
CREATE INDEX membership_roles_membership ON membership_roles (workspace_id, membership_id);
-- Who did what: ids and codes, never names, addresses or text.
CREATE TABLE audit_events (
    id INTEGER PRIMARY KEY,
    workspace_id INTEGER,
    at INTEGER NOT NULL,
    actor_id INTEGER,
    action TEXT NOT NULL,
    subject_kind TEXT,
    subject_id INTEGER,
    detail TEXT NOT NULL
) STRICT;
CREATE INDEX audit_events_workspace ON audit_events (workspace_id, id);
CREATE INDEX audit_events_action ON audit_events (workspace_id, action, id);

-- Public ------------------------------------------------------------------------------------------------------------------------
CREATE TABLE profiles (
    id INTEGER PRIMARY KEY,
    workspace_id INTEGER NOT NULL REFERENCES workspaces (id),
    network TEXT NOT NULL,
    handle_key TEXT NOT NULL,
    handle TEXT NOT NULL,
    name TEXT NOT NULL,
    url TEXT,
    posts INTEGER NOT NULL DEFAULT 0,
    first_seen_at INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL,
    UNIQUE (workspace_id, id),
    UNIQUE (workspace_id, network, handle_key)
) STRICT;
CREATE INDEX profiles_recent ON profiles (workspace_id, last_seen_at, id);
CREATE TABLE posts (
    id INTEGER PRIMARY KEY,
    workspace_id INTEGER NOT NULL REFERENCES workspaces (id),
    account_id INTEGER NOT NULL,
    channel TEXT NOT NULL,
    kind TEXT NOT NULL,
    profile_id INTEGER,
    title TEXT,
    text TEXT NOT NULL,
    html TEXT,
    url TEXT,
    site TEXT,
    lang TEXT NOT NULL,
    media TEXT,
    reply_to TEXT,
    published_at INTEGER,
    received_at INTEGER NOT NULL,
    sort_at INTEGER NOT NULL,
    edited_at INTEGER,
    content_hash BLOB NOT NULL,
    truncated INTEGER NOT NULL DEFAULT FALSE,
    expires_at INTEGER,
    UNIQUE (workspace_id, id),
    FOREIGN KEY (workspace_id, account_id) REFERENCES channel_accounts (workspace_id, id),
    FOREIGN KEY (workspace_id, profile_id) REFERENCES profiles (workspace_id, id)
) STRICT;
CREATE INDEX posts_recent ON posts (workspace_id, sort_at, id);
CREATE INDEX posts_profile ON posts (workspace_id, profile_id, sort_at);
CREATE INDEX posts_expiry ON posts (expires_at) WHERE expires_at IS NOT NULL;
-- Their search documents are cut: a search must look at them whatever they hold.
CREATE INDEX posts_truncated ON posts (workspace_id, id) WHERE truncated;
CREATE TABLE post_keys (
    workspace_id INTEGER NOT NULL,
    network TEXT NOT NULL,
    canonical_key TEXT NOT NULL,
    post_id INTEGER NOT NULL,
    PRIMARY KEY (workspace_id, network, canonical_key),
    FOREIGN KEY (workspace_id, post_id) REFERENCES posts (workspace_id, id) ON DELETE CASCADE
) STRICT;
CREATE INDEX post_keys_post ON post_keys (workspace_id, post_id);
CREATE TABLE post_sightings (
    workspace_id INTEGER NOT NULL,
    post_id INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    seen_at INTEGER NOT NULL,
    PRIMARY KEY (workspace_id, post_id, account_id),
    FOREIGN KEY (workspace_id, post_id) REFERENCES posts (workspace_id, id) ON DELETE CASCADE,
    FOREIGN KEY (workspace_id, account_id) REFERENCES channel_accounts (workspace_id, id)
) STRICT;
CREATE TABLE watches (
    id INTEGER PRIMARY KEY,
    workspace_id INTEGER NOT NULL REFERENCES workspaces (id),
    name TEXT NOT NULL,
    query TEXT NOT NULL,
    kind TEXT NOT NULL,
    owner_id INTEGER REFERENCES users (id),
    hits INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    archived_at INTEGER,
    UNIQUE (workspace_id, id)
) STRICT;
CREATE TABLE backfills (
    id INTEGER PRIMARY KEY,
    workspace_id INTEGER NOT NULL,
    watch_id INTEGER NOT NULL,
    state TEXT NOT NULL,
    total INTEGER NOT NULL,
    done INTEGER NOT NULL DEFAULT 0,
    found INTEGER NOT NULL DEFAULT 0,
    cursor_at INTEGER,
    cursor_id INTEGER,
    created_at INTEGER NOT NULL,
    finished_at INTEGER,
    UNIQUE (workspace_id, id),
    FOREIGN KEY (workspace_id, watch_id) REFERENCES watches (workspace_id, id) ON DELETE CASCADE
) STRICT;

-- Customers ---------------------------------------------------------------------------------------------------------------------
CREATE TABLE contacts (
    id INTEGER PRIMARY KEY,
    workspace_id INTEGER NOT NULL REFERENCES workspaces (id),
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    company TEXT,
    note TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (workspace_id, id)
) STRICT;
CREATE INDEX contacts_name ON contacts (workspace_id, name_key, id);
CREATE TABLE addresses (
    id INTEGER PRIMARY KEY,
    workspace_id INTEGER NOT NULL,
    contact_id INTEGER,
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    value_key TEXT NOT NULL,
    verified_at INTEGER,
    verified_by TEXT,
    created_at INTEGER NOT NULL,
    UNIQUE (workspace_id, id),
    UNIQUE (workspace_id, kind, value_key),
    FOREIGN KEY (workspace_id, contact_id) REFERENCES contacts (workspace_id, id) ON DELETE CASCADE
) STRICT;
CREATE INDEX addresses_contact ON addresses (workspace_id, contact_id);
-- profile ↔ contact, only on a recorded ground (GDPR Art. 6 (1) a, or the person's own disclosure).
CREATE TABLE profile_links (
    id INTEGER PRIMARY KEY,
    workspace_id INTEGER NOT NULL,
    profile_id INTEGER NOT NULL,
    contact_id INTEGER NOT NULL,
    ground TEXT NOT NULL,
    wording TEXT NOT NULL,
    proof_message_id INTEGER,
    linked_by INTEGER NOT NULL REFERENCES users (id),
    linked_at INTEGER NOT NULL,
    closed_at INTEGER,
    closed_by INTEGER REFERENCES users (id),
    UNIQUE (workspace_id, id),
    FOREIGN KEY (workspace_id, profile_id) REFERENCES profiles (workspace_id, id) ON DELETE CASCADE,
    FOREIGN KEY (workspace_id, contact_id) REFERENCES contacts (workspace_id, id) ON DELETE CASCADE
) STRICT;
CREATE INDEX profile_links_profile ON profile_links (workspace_id, profile_id);
CREATE INDEX profile_links_contact ON profile_links (workspace_id, contact_id);
CREATE TABLE contact_trigrams (
    workspace_id INTEGER NOT NULL,
    trigram TEXT NOT NULL,
    contact_id INTEGER NOT NULL,
    PRIMARY KEY (workspace_id, trigram, contact_id),
    FOREIGN KEY (workspace_id, contact_id) REFERENCES contacts (workspace_id, id) ON DELETE CASCADE
) STRICT;
CREATE INDEX contact_trigrams_contact ON contact_trigrams (workspace_id, contact_id);
CREATE TABLE profile_trigrams (
    workspace_id INTEGER NOT NULL,
    trigram TEXT NOT NULL,
    profile_id INTEGER NOT NULL,
    PRIMARY KEY (workspace_id, trigram, profile_id),
    FOREIGN KEY (workspace_id, profile_id) REFERENCES profiles (workspace_id, id) ON DELETE CASCADE
) STRICT;
CREATE INDEX profile_trigrams_profile ON profile_trigrams (workspace_id, profile_id);

-- Addresses that must not be written to: objection (GDPR Art. 21), complaint, hard bounce.
CREATE TABLE suppressions (
    workspace_id INTEGER NOT NULL REFERENCES workspaces (id),
    address_key TEXT NOT NULL,
    reason TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (workspace_id, address_key)
) STRICT;

-- Conversations -----------------------------------------------------------------------------------------------------------------
CREATE TABLE conversations (
    id INTEGER PRIMARY KEY,
    workspace_id INTEGER NOT NULL REFERENCES workspaces (id),
    account_id INTEGER NOT NULL,
    channel TEXT NOT NULL,
    is_public INTEGER NOT NULL,
    subject TEXT NOT NULL,
    from_name TEXT NOT NULL,
    excerpt TEXT NOT NULL,
    lang TEXT NOT NULL,
    status TEXT NOT NULL,
    priority INTEGER NOT NULL,
    assignee_id INTEGER REFERENCES users (id),
    team_id INTEGER,
    contact_id INTEGER,
    profile_id INTEGER,
    snoozed_until INTEGER,
    waiting_since INTEGER,
    last_message_at INTEGER NOT NULL,
    messages INTEGER NOT NULL DEFAULT 0,
    imported INTEGER NOT NULL DEFAULT FALSE,
    created_at INTEGER NOT NULL,
    resolved_at INTEGER,
    UNIQUE (workspace_id, id),
    FOREIGN KEY (workspace_id, account_id) REFERENCES channel_accounts (workspace_id, id),
    FOREIGN KEY (workspace_id, team_id) REFERENCES teams (workspace_id, id),
    FOREIGN KEY (workspace_id, contact_id) REFERENCES contacts (workspace_id, id),
    FOREIGN KEY (workspace_id, profile_id) REFERENCES profiles (workspace_id, id)
) STRICT;
CREATE INDEX conversations_all ON conversations (workspace_id, status, last_message_at, id);
CREATE INDEX conversations_mine ON conversations (workspace_id, assignee_id, status, last_message_at, id);
CREATE INDEX conversations_team ON conversations (workspace_id, team_id, status, last_message_at, id);
CREATE INDEX conversations_contact ON conversations (workspace_id, contact_id, last_message_at);
CREATE INDEX conversations_profile ON conversations (workspace_id, profile_id, last_message_at);
CREATE INDEX conversations_snoozed ON conversations (snoozed_until) WHERE status = 'snoozed';
CREATE TABLE conversation_participants (
    workspace_id INTEGER NOT NULL,
    conversation_id INTEGER NOT NULL,
    address_key TEXT NOT NULL,
    address TEXT NOT NULL,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    added_at INTEGER NOT NULL,
    PRIMARY KEY (workspace_id, conversation_id, address_key),
    FOREIGN KEY (workspace_id, conversation_id) REFERENCES conversations (workspace_id, id) ON DELETE CASCADE
) STRICT;
CREATE TABLE conversation_labels (
    workspace_id INTEGER NOT NULL,
    conversation_id INTEGER NOT NULL,
    label_key TEXT NOT NULL,
    label TEXT NOT NULL,
    PRIMARY KEY (workspace_id, conversation_id, label_key),
    FOREIGN KEY (workspace_id, conversation_id) REFERENCES conversations (workspace_id, id) ON DELETE CASCADE
) STRICT;
CREATE INDEX conversation_labels_label ON conversation_labels (workspace_id, label_key, conversation_id);
CREATE TABLE conversation_reads (
    workspace_id INTEGER NOT NULL,
    conversation_id INTEGER NOT NULL,
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    read_at INTEGER NOT NULL,
    PRIMARY KEY (workspace_id, conversation_id, user_id),
    FOREIGN KEY (workspace_id, conversation_id) REFERENCES conversations (workspace_id, id) ON DELETE CASCADE
) STRICT;
CREATE TABLE messages (
    id INTEGER PRIMARY KEY,
    workspace_id INTEGER NOT NULL,
    conversation_id INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    direction TEXT NOT NULL,
    kind TEXT NOT NULL,
    post_id INTEGER,
    author_id INTEGER REFERENCES users (id),
    author_name TEXT NOT NULL,
    author_address TEXT,
    is_new_participant INTEGER NOT NULL DEFAULT FALSE,
    subject TEXT,
    text TEXT NOT NULL,
    quoted TEXT,
    html TEXT,
    recipients TEXT,
    external_id TEXT,
    message_id TEXT,
    in_reply_to TEXT,
    thread_refs TEXT,
    auto TEXT,
    lang TEXT NOT NULL,
    sent_at INTEGER,
    received_at INTEGER NOT NULL,
    sort_at INTEGER NOT NULL,
    state TEXT NOT NULL,
    attempt_id TEXT,
    failure TEXT,
    deliver_after INTEGER,
    UNIQUE (workspace_id, id),
    UNIQUE (workspace_id, account_id, external_id),
    FOREIGN KEY (workspace_id, conversation_id) REFERENCES conversations (workspace_id, id) ON DELETE CASCADE,
    FOREIGN KEY (workspace_id, account_id) REFERENCES channel_accounts (workspace_id, id),
    FOREIGN KEY (workspace_id, post_id) REFERENCES posts (workspace_id, id)
) STRICT;
CREATE INDEX messages_conversation ON messages (workspace_id, conversation_id, sort_at, id);
CREATE INDEX messages_message_id ON messages (workspace_id, account_id, message_id);
CREATE INDEX messages_post ON messages (workspace_id, post_id);
CREATE TABLE mentions (
    workspace_id INTEGER NOT NULL,
    message_id INTEGER NOT NULL,
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    seen_at INTEGER,
    PRIMARY KEY (workspace_id, message_id, user_id),
    FOREIGN KEY (workspace_id, message_id) REFERENCES messages (workspace_id, id) ON DELETE CASCADE
) STRICT;
CREATE INDEX mentions_user ON mentions (workspace_id, user_id, seen_at);
CREATE TABLE blobs (
    workspace_id INTEGER NOT NULL REFERENCES workspaces (id),
    sha256 TEXT NOT NULL,
    size INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (workspace_id, sha256)
) STRICT;
CREATE TABLE attachments (
    id INTEGER PRIMARY KEY,
    workspace_id INTEGER NOT NULL,
    message_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    mime TEXT NOT NULL,
    content_id TEXT,
    size INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    UNIQUE (workspace_id, id),
    FOREIGN KEY (workspace_id, message_id) REFERENCES messages (workspace_id, id) ON DELETE CASCADE,
    FOREIGN KEY (workspace_id, sha256) REFERENCES blobs (workspace_id, sha256)
) STRICT;
CREATE INDEX attachments_message ON attachments (workspace_id, message_id);
CREATE INDEX attachments_blob ON attachments (workspace_id, sha256);
CREATE TABLE drafts (
    workspace_id INTEGER NOT NULL,
    conversation_id INTEGER NOT NULL,
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    text TEXT NOT NULL,
    cc TEXT NOT NULL DEFAULT '',
    failure TEXT,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (workspace_id, conversation_id, user_id, kind),
    FOREIGN KEY (workspace_id, conversation_id) REFERENCES conversations (workspace_id, id) ON DELETE CASCADE
) STRICT;
CREATE TABLE watch_hits (
    id INTEGER PRIMARY KEY,
    workspace_id INTEGER NOT NULL,
    watch_id INTEGER NOT NULL,
    post_id INTEGER NOT NULL,
    sort_at INTEGER NOT NULL,
    conversation_id INTEGER,
    UNIQUE (workspace_id, id),
    UNIQUE (workspace_id, watch_id, post_id),
    FOREIGN KEY (workspace_id, watch_id) REFERENCES watches (workspace_id, id) ON DELETE CASCADE,
    FOREIGN KEY (workspace_id, post_id) REFERENCES posts (workspace_id, id) ON DELETE CASCADE,
    FOREIGN KEY (workspace_id, conversation_id) REFERENCES conversations (workspace_id, id) ON DELETE SET NULL
) STRICT;
CREATE INDEX watch_hits_recent ON watch_hits (workspace_id, watch_id, sort_at, id);
CREATE INDEX watch_hits_post ON watch_hits (workspace_id, post_id);
-- What a person did a moment ago and may take back.
CREATE TABLE undos (
    id INTEGER PRIMARY KEY,
    workspace_id INTEGER NOT NULL,
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    conversation_id INTEGER NOT NULL,
    former TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    UNIQUE (workspace_id, id),
    FOREIGN KEY (workspace_id, conversation_id) REFERENCES conversations (workspace_id, id) ON DELETE CASCADE
) STRICT;
CREATE INDEX undos_user ON undos (workspace_id, user_id, id);
-- One confirmation mail per address and day; the address only as a keyed hash.
CREATE TABLE form_confirmations (
    workspace_id INTEGER NOT NULL REFERENCES workspaces (id),
    address_hash BLOB NOT NULL,
    day TEXT NOT NULL,
    PRIMARY KEY (workspace_id, address_hash, day)
) STRICT;

-- Events carry the order in which their transactions became visible: on SQLite the writer is alone, so a sequence is that order.
CREATE TABLE events (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    id INTEGER NOT NULL UNIQUE,
    workspace_id INTEGER NOT NULL,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    subject_id INTEGER,
    actor_id INTEGER,
    detail TEXT NOT NULL
) STRICT;
CREATE INDEX events_workspace ON events (workspace_id, position, id);
CREATE INDEX events_subject ON events (workspace_id, subject_id, position);

-- Full-text: the search document that `matching` writes, one row a post or message (rowid = id). Whole tokens, nothing for the engine to fold.
CREATE VIRTUAL TABLE posts_fts USING fts5(document, tokenize = "unicode61 remove_diacritics 0");
INSERT INTO posts_fts(posts_fts, rank) VALUES ('secure-delete', 1);
CREATE VIRTUAL TABLE messages_fts USING fts5(document, tokenize = "unicode61 remove_diacritics 0");
INSERT INTO messages_fts(messages_fts, rank) VALUES ('secure-delete', 1);
