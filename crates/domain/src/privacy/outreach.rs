//! The gate before every outgoing message (invariant 5). Answering where the person spoke is allowed; advertising to somebody who merely
//! appeared in monitoring is not (UWG §7 (2): no advertising by electronic mail without prior express consent).

use channels::Mailbox;
use db::{Tx, args};
use model::{Id, kinds};

use crate::desk::Conversation;
use crate::{Error, Result, fold_key};

/// Whether an answer in this conversation to these people may leave; a refusal names its rule.
pub async fn answer(tx: &mut Tx, ws: Id<kinds::Workspace>, conversation: &Conversation, to: &[Mailbox]) -> Result<()> {
    // A conversation made of a hit is somebody's public post: they have not written to us. One answers on their page, or not at all.
    if conversation.is_public {
        return Err(Error::refused("outreach.public", "refused-public-answer"));
    }
    if to.is_empty() {
        return Err(Error::refused("outreach.no-address", "refused-no-address"));
    }
    let spoke: Option<(i64,)> = tx
        .opt(
            "SELECT id FROM messages WHERE workspace_id = $1 AND conversation_id = $2 AND direction = 'in' AND auto IS NULL LIMIT 1",
            args![ws, conversation.id],
        )
        .await?;
    if spoke.is_none() {
        return Err(Error::refused("outreach.nobody-spoke", "refused-nobody-spoke"));
    }
    for mailbox in to {
        let suppressed: Option<(i64,)> = tx
            .opt("SELECT created_at FROM suppressions WHERE workspace_id = $1 AND address_key = $2", args![ws, fold_key(&mailbox.address)])
            .await?;
        if suppressed.is_some() {
            return Err(Error::refused("outreach.suppressed", "refused-suppressed"));
        }
    }
    Ok(())
}
