//! Who works in the demo company.

use db::{Conn, row};
use model::{Id, kinds};

use crate::Result;

row! {
    pub struct Somebody {
        pub id: Id<kinds::User>,
        pub name: String,
        pub slug: String,
        /// Built-in roles, joined by blanks.
        pub roles: String,
    }
}

/// The members of demo workspaces, in the order in which they were made. Empty in a real installation.
pub async fn people(conn: &mut Conn) -> Result<Vec<Somebody>> {
    Ok(conn
        .all(
            "SELECT u.id, u.name, w.slug, (SELECT string_agg(r.name, ' ' ORDER BY r.name) FROM membership_roles mr JOIN roles r ON r.workspace_id = mr.workspace_id AND r.id = mr.role_id
               WHERE mr.workspace_id = m.workspace_id AND mr.membership_id = m.id) AS roles
             FROM memberships m JOIN users u ON u.id = m.user_id JOIN workspaces w ON w.id = m.workspace_id
             WHERE w.is_demo AND EXISTS (SELECT 1 FROM membership_roles mr WHERE mr.workspace_id = m.workspace_id AND mr.membership_id = m.id) ORDER BY u.id",
            vec![],
        )
        .await?)
}
