-- The first schema. Conventions (two-engines, ARCHITECTURE.md "Storage"): ids BIGINT, instants BIGINT microseconds UTC, JSON columns bound as
-- Json<_>, workspace tables carry workspace_id, UNIQUE (workspace_id, id) and composite references. Never edited after it landed.

-- Installation ------------------------------------------------------------------------------------------------------------------
CREATE TABLE settings (
    key TEXT COLLATE "C" PRIMARY KEY,
    value JSONB NOT NULL
);
CREATE TABLE nodes (
    number BIGINT PRIMARY KEY,
    holder TEXT COLLATE "C" NOT NULL,
    expires_at BIGINT NOT NULL,
    last_used BIGINT NOT NULL
);
CREATE TABLE leases (
    name TEXT COLLATE "C" PRIMARY KEY,
    holder TEXT COLLATE "C" NOT NULL,
    fence BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE TABLE users (
    id BIGINT PRIMARY KEY,
    email TEXT NOT NULL,
    email_key TEXT COLLATE "C" NOT NULL UNIQUE,
    name TEXT COLLATE "C" NOT NULL,
    password_hash TEXT,
    locale TEXT NOT NULL,
    time_zone TEXT,
    theme TEXT NOT NULL DEFAULT 'system',
    shortcuts BOOLEAN NOT NULL DEFAULT TRUE,
    next_after_answer BOOLEAN NOT NULL DEFAULT TRUE,
    is_installation_admin BOOLEAN NOT NULL DEFAULT FALSE,
    disabled_at BIGINT,
    created_at BIGINT NOT NULL
);
CREATE TABLE sessions (
    id BIGINT PRIMARY KEY,
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    token_hash BYTEA NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    user_agent TEXT NOT NULL,
    address TEXT NOT NULL
);
CREATE INDEX sessions_user ON sessions (user_id, id);
-- Links that work once: first-run set-up, invitation, password reset. Only the hash of the token is kept.
CREATE TABLE one_time_links (
    id BIGINT PRIMARY KEY,
    kind TEXT NOT NULL,
    token_hash BYTEA NOT NULL UNIQUE,
    user_id BIGINT REFERENCES users (id) ON DELETE CASCADE,
    workspace_id BIGINT,
    detail JSONB NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);
CREATE TABLE rate_limits (
    key TEXT COLLATE "C" PRIMARY KEY,
    window_start BIGINT NOT NULL,
    count BIGINT NOT NULL
);
CREATE TABLE workspaces (
    id BIGINT PRIMARY KEY,
    slug TEXT COLLATE "C" NOT NULL UNIQUE,
    name TEXT COLLATE "C" NOT NULL,
    locale TEXT NOT NULL,
    time_zone TEXT NOT NULL,
    is_demo BOOLEAN NOT NULL DEFAULT FALSE,
    created_at BIGINT NOT NULL
);
CREATE TABLE sources (
    id BIGINT PRIMARY KEY,
    channel TEXT NOT NULL,
    source_key TEXT COLLATE "C" NOT NULL,
    settings JSONB NOT NULL,
    secret BYTEA,
    secret_key_id TEXT,
    cursor JSONB,
    state TEXT NOT NULL,
    keep TEXT NOT NULL DEFAULT 'all',
    health JSONB,
    failures BIGINT NOT NULL DEFAULT 0,
    next_at BIGINT NOT NULL,
    last_ok_at BIGINT,
    last_item_at BIGINT,
    fence BIGINT NOT NULL DEFAULT 0,
    revision BIGINT NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL,
    UNIQUE (channel, source_key)
);
CREATE TABLE jobs (
    id BIGINT PRIMARY KEY,
    workspace_id BIGINT,
    kind TEXT NOT NULL,
    payload JSONB NOT NULL,
    state TEXT NOT NULL,
    run_at BIGINT NOT NULL,
    order_key TEXT COLLATE "C",
    attempts BIGINT NOT NULL DEFAULT 0,
    max_attempts BIGINT NOT NULL,
    holder TEXT COLLATE "C",
    fence BIGINT NOT NULL DEFAULT 0,
    lease_until BIGINT,
    failure JSONB,
    created_at BIGINT NOT NULL,
    finished_at BIGINT
);
CREATE INDEX jobs_ready ON jobs (state, run_at, id);
CREATE INDEX jobs_order ON jobs (order_key, state, id);
CREATE TABLE schedules (
    name TEXT COLLATE "C" PRIMARY KEY,
    next_at BIGINT NOT NULL,
    last_at BIGINT
);
-- Which workspace an inbound mail address belongs to, installation-wide.
CREATE TABLE inbound_addresses (
    address_key TEXT COLLATE "C" PRIMARY KEY,
    workspace_id BIGINT NOT NULL REFERENCES workspaces (id),
    account_id BIGINT NOT NULL
);

-- People of a workspace ---------------------------------------------------------------------------------------------------------
CREATE TABLE memberships (
    id BIGINT PRIMARY KEY,
    workspace_id BIGINT NOT NULL REFERENCES workspaces (id),
    user_id BIGINT NOT NULL REFERENCES users (id),
    created_at BIGINT NOT NULL,
    UNIQUE (workspace_id, id),
    UNIQUE (workspace_id, user_id)
);
CREATE INDEX memberships_user ON memberships (user_id, workspace_id);
CREATE TABLE roles (
    id BIGINT PRIMARY KEY,
    workspace_id BIGINT NOT NULL REFERENCES workspaces (id),
    name TEXT COLLATE "C" NOT NULL,
    builtin TEXT,
    permissions JSONB NOT NULL,
    UNIQUE (workspace_id, id),
    UNIQUE (workspace_id, name)
);
CREATE TABLE teams (
    id BIGINT PRIMARY KEY,
    workspace_id BIGINT NOT NULL REFERENCES workspaces (id),
    name TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (workspace_id, id),
    UNIQUE (workspace_id, name)
);
CREATE TABLE team_members (
    workspace_id BIGINT NOT NULL,
    team_id BIGINT NOT NULL,
    membership_id BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, team_id, membership_id),
    FOREIGN KEY (workspace_id, team_id) REFERENCES teams (workspace_id, id) ON DELETE CASCADE,
    FOREIGN KEY (workspace_id, membership_id) REFERENCES memberships (workspace_id, id) ON DELETE CASCADE
);
CREATE TABLE channel_accounts (
    id BIGINT PRIMARY KEY,
    workspace_id BIGINT NOT NULL REFERENCES workspaces (id),
    source_id BIGINT REFERENCES sources (id),
    channel TEXT NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    address TEXT,
    settings JSONB NOT NULL,
    state TEXT NOT NULL,
    team_id BIGINT,
    items BIGINT NOT NULL DEFAULT 0,
    last_activity_at BIGINT,
    created_at BIGINT NOT NULL,
    removed_at BIGINT,
    UNIQUE (workspace_id, id),
    FOREIGN KEY (workspace_id, team_id) REFERENCES teams (workspace_id, id)
);
CREATE INDEX channel_accounts_source ON channel_accounts (source_id);
CREATE TABLE membership_roles (
    workspace_id BIGINT NOT NULL,
    membership_id BIGINT NOT NULL,
    role_id BIGINT NOT NULL,
    team_id BIGINT,
    account_id BIGINT,
    FOREIGN KEY (workspace_id, membership_id) REFERENCES memberships (workspace_id, id) ON DELETE CASCADE,
    FOREIGN KEY (workspace_id, role_id) REFERENCES roles (workspace_id, id) ON DELETE CASCADE,
    FOREIGN KEY (workspace_id, team_id) REFERENCES teams (workspace_id, id) ON DELETE CASCADE,
    FOREIGN KEY (workspace_id, account_id) REFERENCES channel_accounts (workspace_id, id) ON DELETE CASCADE
);
CREATE INDEX membership_roles_membership ON membership_roles (workspace_id, membership_id);
-- Who did what: ids and codes, never names, addresses or text.
CREATE TABLE audit_events (
    id BIGINT PRIMARY KEY,
    workspace_id BIGINT,
    at BIGINT NOT NULL,
    actor_id BIGINT,
    action TEXT NOT NULL,
    subject_kind TEXT,
    subject_id BIGINT,
    detail JSONB NOT NULL
);
CREATE INDEX audit_events_workspace ON audit_events (workspace_id, id);
CREATE INDEX audit_events_action ON audit_events (workspace_id, action, id);

-- Public ------------------------------------------------------------------------------------------------------------------------
CREATE TABLE profiles (
    id BIGINT PRIMARY KEY,
    workspace_id BIGINT NOT NULL REFERENCES workspaces (id),
    network TEXT NOT NULL,
    handle_key TEXT COLLATE "C" NOT NULL,
    handle TEXT NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    url TEXT,
    posts BIGINT NOT NULL DEFAULT 0,
    first_seen_at BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    UNIQUE (workspace_id, id),
    UNIQUE (workspace_id, network, handle_key)
);
CREATE INDEX profiles_recent ON profiles (workspace_id, last_seen_at, id);
CREATE TABLE posts (
    id BIGINT PRIMARY KEY,
    workspace_id BIGINT NOT NULL REFERENCES workspaces (id),
    account_id BIGINT NOT NULL,
    channel TEXT NOT NULL,
    kind TEXT NOT NULL,
    profile_id BIGINT,
    title TEXT,
    text TEXT NOT NULL,
    html TEXT,
    url TEXT,
    site TEXT,
    lang TEXT NOT NULL,
    media JSONB,
    reply_to TEXT,
    published_at BIGINT,
    received_at BIGINT NOT NULL,
    sort_at BIGINT NOT NULL,
    edited_at BIGINT,
    content_hash BYTEA NOT NULL,
    truncated BOOLEAN NOT NULL DEFAULT FALSE,
    expires_at BIGINT,
    UNIQUE (workspace_id, id),
    FOREIGN KEY (workspace_id, account_id) REFERENCES channel_accounts (workspace_id, id),
    FOREIGN KEY (workspace_id, profile_id) REFERENCES profiles (workspace_id, id)
);
CREATE INDEX posts_recent ON posts (workspace_id, sort_at, id);
CREATE INDEX posts_profile ON posts (workspace_id, profile_id, sort_at);
CREATE INDEX posts_expiry ON posts (expires_at) WHERE expires_at IS NOT NULL;
-- Their search documents are cut: a search must look at them whatever they hold.
CREATE INDEX posts_truncated ON posts (workspace_id, id) WHERE truncated;
CREATE TABLE post_keys (
    workspace_id BIGINT NOT NULL,
    network TEXT NOT NULL,
    canonical_key TEXT COLLATE "C" NOT NULL,
    post_id BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, network, canonical_key),
    FOREIGN KEY (workspace_id, post_id) REFERENCES posts (workspace_id, id) ON DELETE CASCADE
);
CREATE INDEX post_keys_post ON post_keys (workspace_id, post_id);
CREATE TABLE post_sightings (
    workspace_id BIGINT NOT NULL,
    post_id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, post_id, account_id),
    FOREIGN KEY (workspace_id, post_id) REFERENCES posts (workspace_id, id) ON DELETE CASCADE,
    FOREIGN KEY (workspace_id, account_id) REFERENCES channel_accounts (workspace_id, id)
);
CREATE TABLE watches (
    id BIGINT PRIMARY KEY,
    workspace_id BIGINT NOT NULL REFERENCES workspaces (id),
    name TEXT COLLATE "C" NOT NULL,
    query TEXT NOT NULL,
    kind TEXT NOT NULL,
    owner_id BIGINT REFERENCES users (id),
    hits BIGINT NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    archived_at BIGINT,
    UNIQUE (workspace_id, id)
);
CREATE TABLE backfills (
    id BIGINT PRIMARY KEY,
    workspace_id BIGINT NOT NULL,
    watch_id BIGINT NOT NULL,
    state TEXT NOT NULL,
    total BIGINT NOT NULL,
    done BIGINT NOT NULL DEFAULT 0,
    found BIGINT NOT NULL DEFAULT 0,
    cursor_at BIGINT,
    cursor_id BIGINT,
    created_at BIGINT NOT NULL,
    finished_at BIGINT,
    UNIQUE (workspace_id, id),
    FOREIGN KEY (workspace_id, watch_id) REFERENCES watches (workspace_id, id) ON DELETE CASCADE
);

-- Customers ---------------------------------------------------------------------------------------------------------------------
CREATE TABLE contacts (
    id BIGINT PRIMARY KEY,
    workspace_id BIGINT NOT NULL REFERENCES workspaces (id),
    name TEXT COLLATE "C" NOT NULL,
    name_key TEXT COLLATE "C" NOT NULL,
    company TEXT,
    note TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (workspace_id, id)
);
CREATE INDEX contacts_name ON contacts (workspace_id, name_key, id);
CREATE TABLE addresses (
    id BIGINT PRIMARY KEY,
    workspace_id BIGINT NOT NULL,
    contact_id BIGINT,
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    value_key TEXT COLLATE "C" NOT NULL,
    verified_at BIGINT,
    verified_by TEXT,
    created_at BIGINT NOT NULL,
    UNIQUE (workspace_id, id),
    UNIQUE (workspace_id, kind, value_key),
    FOREIGN KEY (workspace_id, contact_id) REFERENCES contacts (workspace_id, id) ON DELETE CASCADE
);
CREATE INDEX addresses_contact ON addresses (workspace_id, contact_id);
-- profile ↔ contact, only on a recorded ground (GDPR Art. 6 (1) a, or the person's own disclosure).
CREATE TABLE profile_links (
    id BIGINT PRIMARY KEY,
    workspace_id BIGINT NOT NULL,
    profile_id BIGINT NOT NULL,
    contact_id BIGINT NOT NULL,
    ground TEXT NOT NULL,
    wording TEXT NOT NULL,
    proof_message_id BIGINT,
    linked_by BIGINT NOT NULL REFERENCES users (id),
    linked_at BIGINT NOT NULL,
    closed_at BIGINT,
    closed_by BIGINT REFERENCES users (id),
    UNIQUE (workspace_id, id),
    FOREIGN KEY (workspace_id, profile_id) REFERENCES profiles (workspace_id, id) ON DELETE CASCADE,
    FOREIGN KEY (workspace_id, contact_id) REFERENCES contacts (workspace_id, id) ON DELETE CASCADE
);
CREATE INDEX profile_links_profile ON profile_links (workspace_id, profile_id);
CREATE INDEX profile_links_contact ON profile_links (workspace_id, contact_id);
CREATE TABLE contact_trigrams (
    workspace_id BIGINT NOT NULL,
    trigram TEXT COLLATE "C" NOT NULL,
    contact_id BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, trigram, contact_id),
    FOREIGN KEY (workspace_id, contact_id) REFERENCES contacts (workspace_id, id) ON DELETE CASCADE
);
CREATE INDEX contact_trigrams_contact ON contact_trigrams (workspace_id, contact_id);
CREATE TABLE profile_trigrams (
    workspace_id BIGINT NOT NULL,
    trigram TEXT COLLATE "C" NOT NULL,
    profile_id BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, trigram, profile_id),
    FOREIGN KEY (workspace_id, profile_id) REFERENCES profiles (workspace_id, id) ON DELETE CASCADE
);
CREATE INDEX profile_trigrams_profile ON profile_trigrams (workspace_id, profile_id);

-- Addresses that must not be written to: objection (GDPR Art. 21), complaint, hard bounce.
CREATE TABLE suppressions (
    workspace_id BIGINT NOT NULL REFERENCES workspaces (id),
    address_key TEXT COLLATE "C" NOT NULL,
    reason TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, address_key)
);

-- Conversations -----------------------------------------------------------------------------------------------------------------
CREATE TABLE conversations (
    id BIGINT PRIMARY KEY,
    workspace_id BIGINT NOT NULL REFERENCES workspaces (id),
    account_id BIGINT NOT NULL,
    channel TEXT NOT NULL,
    is_public BOOLEAN NOT NULL,
    subject TEXT NOT NULL,
    from_name TEXT COLLATE "C" NOT NULL,
    excerpt TEXT NOT NULL,
    lang TEXT NOT NULL,
    status TEXT NOT NULL,
    priority BIGINT NOT NULL,
    assignee_id BIGINT REFERENCES users (id),
    team_id BIGINT,
    contact_id BIGINT,
    profile_id BIGINT,
    snoozed_until BIGINT,
    waiting_since BIGINT,
    last_message_at BIGINT NOT NULL,
    messages BIGINT NOT NULL DEFAULT 0,
    imported BOOLEAN NOT NULL DEFAULT FALSE,
    created_at BIGINT NOT NULL,
    resolved_at BIGINT,
    UNIQUE (workspace_id, id),
    FOREIGN KEY (workspace_id, account_id) REFERENCES channel_accounts (workspace_id, id),
    FOREIGN KEY (workspace_id, team_id) REFERENCES teams (workspace_id, id),
    FOREIGN KEY (workspace_id, contact_id) REFERENCES contacts (workspace_id, id),
    FOREIGN KEY (workspace_id, profile_id) REFERENCES profiles (workspace_id, id)
);
CREATE INDEX conversations_all ON conversations (workspace_id, status, last_message_at, id);
CREATE INDEX conversations_mine ON conversations (workspace_id, assignee_id, status, last_message_at, id);
CREATE INDEX conversations_team ON conversations (workspace_id, team_id, status, last_message_at, id);
CREATE INDEX conversations_contact ON conversations (workspace_id, contact_id, last_message_at);
CREATE INDEX conversations_profile ON conversations (workspace_id, profile_id, last_message_at);
CREATE INDEX conversations_snoozed ON conversations (snoozed_until) WHERE status = 'snoozed';
CREATE TABLE conversation_participants (
    workspace_id BIGINT NOT NULL,
    conversation_id BIGINT NOT NULL,
    address_key TEXT COLLATE "C" NOT NULL,
    address TEXT NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    role TEXT NOT NULL,
    added_at BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, conversation_id, address_key),
    FOREIGN KEY (workspace_id, conversation_id) REFERENCES conversations (workspace_id, id) ON DELETE CASCADE
);
CREATE TABLE conversation_labels (
    workspace_id BIGINT NOT NULL,
    conversation_id BIGINT NOT NULL,
    label_key TEXT COLLATE "C" NOT NULL,
    label TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (workspace_id, conversation_id, label_key),
    FOREIGN KEY (workspace_id, conversation_id) REFERENCES conversations (workspace_id, id) ON DELETE CASCADE
);
CREATE INDEX conversation_labels_label ON conversation_labels (workspace_id, label_key, conversation_id);
CREATE TABLE conversation_reads (
    workspace_id BIGINT NOT NULL,
    conversation_id BIGINT NOT NULL,
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    read_at BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, conversation_id, user_id),
    FOREIGN KEY (workspace_id, conversation_id) REFERENCES conversations (workspace_id, id) ON DELETE CASCADE
);
CREATE TABLE messages (
    id BIGINT PRIMARY KEY,
    workspace_id BIGINT NOT NULL,
    conversation_id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    direction TEXT NOT NULL,
    kind TEXT NOT NULL,
    post_id BIGINT,
    author_id BIGINT REFERENCES users (id),
    author_name TEXT COLLATE "C" NOT NULL,
    author_address TEXT,
    is_new_participant BOOLEAN NOT NULL DEFAULT FALSE,
    subject TEXT,
    text TEXT NOT NULL,
    quoted TEXT,
    html TEXT,
    recipients JSONB,
    external_id TEXT,
    message_id TEXT,
    in_reply_to TEXT,
    thread_refs JSONB,
    auto TEXT,
    lang TEXT NOT NULL,
    sent_at BIGINT,
    received_at BIGINT NOT NULL,
    sort_at BIGINT NOT NULL,
    state TEXT NOT NULL,
    attempt_id TEXT,
    failure JSONB,
    deliver_after BIGINT,
    UNIQUE (workspace_id, id),
    UNIQUE (workspace_id, account_id, external_id),
    FOREIGN KEY (workspace_id, conversation_id) REFERENCES conversations (workspace_id, id) ON DELETE CASCADE,
    FOREIGN KEY (workspace_id, account_id) REFERENCES channel_accounts (workspace_id, id),
    FOREIGN KEY (workspace_id, post_id) REFERENCES posts (workspace_id, id)
);
CREATE INDEX messages_conversation ON messages (workspace_id, conversation_id, sort_at, id);
CREATE INDEX messages_message_id ON messages (workspace_id, account_id, message_id);
CREATE INDEX messages_post ON messages (workspace_id, post_id);
CREATE TABLE mentions (
    workspace_id BIGINT NOT NULL,
    message_id BIGINT NOT NULL,
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    seen_at BIGINT,
    PRIMARY KEY (workspace_id, message_id, user_id),
    FOREIGN KEY (workspace_id, message_id) REFERENCES messages (workspace_id, id) ON DELETE CASCADE
);
CREATE INDEX mentions_user ON mentions (workspace_id, user_id, seen_at);
CREATE TABLE blobs (
    workspace_id BIGINT NOT NULL REFERENCES workspaces (id),
    sha256 TEXT COLLATE "C" NOT NULL,
    size BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, sha256)
);
CREATE TABLE attachments (
    id BIGINT PRIMARY KEY,
    workspace_id BIGINT NOT NULL,
    message_id BIGINT NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    mime TEXT NOT NULL,
    content_id TEXT,
    size BIGINT NOT NULL,
    sha256 TEXT COLLATE "C" NOT NULL,
    UNIQUE (workspace_id, id),
    FOREIGN KEY (workspace_id, message_id) REFERENCES messages (workspace_id, id) ON DELETE CASCADE,
    FOREIGN KEY (workspace_id, sha256) REFERENCES blobs (workspace_id, sha256)
);
CREATE INDEX attachments_message ON attachments (workspace_id, message_id);
CREATE INDEX attachments_blob ON attachments (workspace_id, sha256);
CREATE TABLE drafts (
    workspace_id BIGINT NOT NULL,
    conversation_id BIGINT NOT NULL,
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    text TEXT NOT NULL,
    cc TEXT NOT NULL DEFAULT '',
    failure JSONB,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, conversation_id, user_id, kind),
    FOREIGN KEY (workspace_id, conversation_id) REFERENCES conversations (workspace_id, id) ON DELETE CASCADE
);
CREATE TABLE watch_hits (
    id BIGINT PRIMARY KEY,
    workspace_id BIGINT NOT NULL,
    watch_id BIGINT NOT NULL,
    post_id BIGINT NOT NULL,
    sort_at BIGINT NOT NULL,
    conversation_id BIGINT,
    UNIQUE (workspace_id, id),
    UNIQUE (workspace_id, watch_id, post_id),
    FOREIGN KEY (workspace_id, watch_id) REFERENCES watches (workspace_id, id) ON DELETE CASCADE,
    FOREIGN KEY (workspace_id, post_id) REFERENCES posts (workspace_id, id) ON DELETE CASCADE,
    FOREIGN KEY (workspace_id, conversation_id) REFERENCES conversations (workspace_id, id) ON DELETE SET NULL
);
CREATE INDEX watch_hits_recent ON watch_hits (workspace_id, watch_id, sort_at, id);
CREATE INDEX watch_hits_post ON watch_hits (workspace_id, post_id);
-- What a person did a moment ago and may take back.
CREATE TABLE undos (
    id BIGINT PRIMARY KEY,
    workspace_id BIGINT NOT NULL,
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    conversation_id BIGINT NOT NULL,
    former JSONB NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (workspace_id, id),
    FOREIGN KEY (workspace_id, conversation_id) REFERENCES conversations (workspace_id, id) ON DELETE CASCADE
);
CREATE INDEX undos_user ON undos (workspace_id, user_id, id);
-- One confirmation mail per address and day; the address only as a keyed hash.
CREATE TABLE form_confirmations (
    workspace_id BIGINT NOT NULL REFERENCES workspaces (id),
    address_hash BYTEA NOT NULL,
    day TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (workspace_id, address_hash, day)
);

-- Events carry the order in which their transactions became visible: the transaction's number, read only below the snapshot's xmin.
CREATE TABLE events (
    position BIGINT NOT NULL DEFAULT (CAST(CAST(pg_current_xact_id() AS TEXT) AS BIGINT)),
    id BIGINT PRIMARY KEY,
    workspace_id BIGINT NOT NULL,
    at BIGINT NOT NULL,
    kind TEXT NOT NULL,
    subject_id BIGINT,
    actor_id BIGINT,
    detail JSONB NOT NULL
);
CREATE INDEX events_workspace ON events (workspace_id, position, id);
CREATE INDEX events_subject ON events (workspace_id, subject_id, position);

-- Full-text: the search document that `matching` writes, one row a post or message (rowid = id). Whole tokens, nothing for the engine to fold.
CREATE TABLE posts_fts (rowid BIGINT PRIMARY KEY, document TSVECTOR NOT NULL);
CREATE INDEX posts_fts_document ON posts_fts USING gin (document);
CREATE TABLE messages_fts (rowid BIGINT PRIMARY KEY, document TSVECTOR NOT NULL);
CREATE INDEX messages_fts_document ON messages_fts USING gin (document);
