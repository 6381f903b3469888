-- A list of one account, and of a person who reaches only some accounts, is read in its own order.
CREATE INDEX conversations_account ON conversations (workspace_id, account_id, status, last_message_at, id);
