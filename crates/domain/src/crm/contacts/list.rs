use db::{Conn, args, row, sql};
use model::{Id, Timestamp, kinds};

use crate::accounts::{Permission, Seat};
use crate::crm::{addresses, trigrams};
use crate::{Result, fold_key};

row! {
    pub struct Row {
        pub id: Id<kinds::Contact>,
        pub name: String,
        pub name_key: String,
        pub company: Option<String>,
        /// The oldest address.
        pub address: Option<String>,
        pub addresses: i64,
        pub created_at: Timestamp,
    }
}

/// Where a page of the list ends: the last row's `name_key` and id.
pub type After = (String, Id<kinds::Contact>);

/// Everybody, by name.
pub async fn list(conn: &mut Conn, seat: &Seat, after: Option<&After>, limit: i64) -> Result<Vec<Row>> {
    seat.require(Permission::ContactRead)?;
    let (key, id) = after.map_or((String::new(), i64::MIN), |(key, id)| (key.clone(), id.as_i64()));
    Ok(conn
        .all(
            "SELECT c.id, c.name, c.name_key, c.company, c.created_at,
               (SELECT a.value FROM addresses a WHERE a.workspace_id = c.workspace_id AND a.contact_id = c.id ORDER BY a.id LIMIT 1) AS address,
               (SELECT COUNT(*) FROM addresses a WHERE a.workspace_id = c.workspace_id AND a.contact_id = c.id) AS addresses
             FROM contacts c WHERE c.workspace_id = $1 AND (c.name_key, c.id) > ($2, $3) ORDER BY c.name_key, c.id LIMIT $4",
            args![seat.ws(), key, id, limit],
        )
        .await?)
}

/// By a name (a part of it or with a wrong letter) or the beginning of an address, best first.
pub async fn find(conn: &mut Conn, seat: &Seat, text: &str, limit: i64) -> Result<Vec<Row>> {
    seat.require(Permission::ContactRead)?;
    let (wanted, least) = trigrams::wanted(text);
    let key = fold_key(text);
    if key.is_empty() {
        return Ok(Vec::new());
    }
    let beginning = format!("{}%", key.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_"));
    Ok(conn
        .all(
            sql!("SELECT c.id, c.name, c.name_key, c.company, c.created_at,
                    (SELECT a.value FROM addresses a WHERE a.workspace_id = c.workspace_id AND a.contact_id = c.id ORDER BY a.id LIMIT 1) AS address,
                    (SELECT COUNT(*) FROM addresses a WHERE a.workspace_id = c.workspace_id AND a.contact_id = c.id) AS addresses
                  FROM (SELECT contact_id, MAX(score) AS score FROM (
                          SELECT t.contact_id, COUNT(*) AS score FROM " [each_text "$2"] " CROSS JOIN contact_trigrams t WHERE t.workspace_id = $1 AND t.trigram = value
                            GROUP BY t.contact_id HAVING COUNT(*) >= $3
                          UNION ALL
                          SELECT a.contact_id, 1000 AS score FROM addresses a WHERE a.workspace_id = $1 AND a.contact_id IS NOT NULL AND a.value_key LIKE $4 ESCAPE '\\'
                        ) AS either GROUP BY contact_id) AS best
                  CROSS JOIN contacts c WHERE c.workspace_id = $1 AND c.id = best.contact_id
                  ORDER BY best.score DESC, c.name_key, c.id LIMIT $5"),
            args![seat.ws(), wanted.as_slice(), least, beginning, limit],
        )
        .await?)
}

/// The contact who has exactly this address, whatever its kind.
pub async fn with_address(conn: &mut Conn, seat: &Seat, address: &str) -> Result<Option<Id<kinds::Contact>>> {
    seat.require(Permission::ContactRead)?;
    let found: Option<(Id<kinds::Contact>,)> = conn
        .opt(
            // The kinds are named so that the address is looked up and not looked for.
            sql!("SELECT contact_id FROM addresses WHERE workspace_id = $1 AND kind IN " [texts "$3"] " AND value_key = $2 AND contact_id IS NOT NULL ORDER BY kind LIMIT 1"),
            args![seat.ws(), fold_key(address), addresses::KINDS.map(str::to_string).as_slice()],
        )
        .await?;
    Ok(found.map(|(id,)| id))
}
