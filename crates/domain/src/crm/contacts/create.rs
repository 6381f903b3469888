use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use db::{Many, Tx, args, sql};
use i18n::Sentence;
use model::{Id, kinds};

use crate::accounts::{Permission, Seat};
use crate::crm::addresses;
use crate::{App, Error, Result, audit, events, fold_key};

/// What a person enters of a contact.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fields {
    pub name: String,
    pub company: String,
    pub note: String,
}

impl Fields {
    pub(super) fn checked(self) -> Result<Self> {
        let one_line = |text: &str| model::text::clean(text).split_whitespace().collect::<Vec<_>>().join(" ");
        let fields = Fields { name: one_line(&self.name), company: one_line(&self.company), note: model::text::clean(self.note.trim()) };
        let mut wrong = Vec::new();
        if fields.name.is_empty() {
            wrong.push(("name".to_string(), Sentence::new("error-contact-name")));
        }
        for (field, text, most) in [("name", &fields.name, 200), ("company", &fields.company, 200), ("note", &fields.note, 10_000)] {
            if text.chars().count() > most {
                wrong.push((field.to_string(), Sentence::new("error-contact-long").with("most", most)));
            }
        }
        if wrong.is_empty() { Ok(fields) } else { Err(Error::InvalidFields(wrong)) }
    }
}

/// A contact a person enters, perhaps with a first mail address.
pub async fn add(app: &App, seat: &Seat, fields: Fields, mail: &str) -> Result<Id<kinds::Contact>> {
    seat.require(Permission::ContactEdit)?;
    let fields = fields.checked()?;
    let mut tx = app.db.write().await?;
    let id = create(&mut tx, seat.ws(), &fields.name, Some(fields.company.as_str()).filter(|c| !c.is_empty())).await?;
    if !fields.note.is_empty() {
        tx.run("UPDATE contacts SET note = $3 WHERE workspace_id = $1 AND id = $2", args![seat.ws(), id, &fields.note]).await?;
    }
    if !mail.trim().is_empty() {
        addresses::attach(&mut tx, seat, id, "mail", mail).await?;
    }
    events::record(&mut tx, seat.ws(), "contact.new", Some(id), Some(seat.user()), serde_json::json!({})).await?;
    let entry = audit::Entry {
        workspace: Some(seat.ws()),
        actor: Some(seat.user()),
        action: "contact.created",
        subject_kind: Some("contact"),
        subject: Some(id.as_i64()),
        detail: serde_json::json!({}),
    };
    audit::record(&mut tx, entry).await?;
    tx.commit().await?;
    Ok(id)
}

/// A new contact, findable by name.
pub async fn create(tx: &mut Tx, ws: Id<kinds::Workspace>, name: &str, company: Option<&str>) -> Result<Id<kinds::Contact>> {
    let ids = create_all(tx, ws, [(name, company)].into_iter()).await?;
    ids.first().copied().ok_or(Error::NotFound)
}

/// New contacts with name and company; their ids, in order.
async fn create_all<'a>(
    tx: &mut Tx,
    ws: Id<kinds::Workspace>,
    people: impl Iterator<Item = (&'a str, Option<&'a str>)>,
) -> Result<Vec<Id<kinds::Contact>>> {
    const CONTACTS: Many = Many {
        into: "INSERT INTO contacts (id, workspace_id, name, name_key, company, created_at, updated_at)",
        row: sql!("($1, $2, $3, $4, $5, $6, $7)"),
        end: "",
    };
    let now = tx.now();
    let (mut named, mut rows) = (Vec::new(), Vec::new());
    for (name, company) in people {
        let (id, name) = (tx.id::<kinds::Contact>(), model::text::excerpt(name, 200));
        rows.push(args![id, ws, &name, fold_key(&name), company, now, now]);
        named.push((id, name));
    }
    tx.run_many(&CONTACTS, rows).await?;
    super::index_new(tx, ws, &named).await?;
    Ok(named.into_iter().map(|(id, _)| id).collect())
}

/// Somebody who wrote to us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Correspondent {
    /// `mail` or `phone`.
    pub kind: &'static str,
    pub address: String,
    pub name: String,
    /// An authentication result or a reply proves the address.
    pub verified: bool,
}

type Key<'a> = (&'a str, String);

/// The contacts who have these addresses, in order; made where nobody has one yet.
pub async fn for_addresses<'a>(
    tx: &mut Tx,
    ws: Id<kinds::Workspace>,
    people: impl Iterator<Item = &'a Correspondent> + Clone,
) -> Result<Vec<Id<kinds::Contact>>> {
    let key = |c: &'a Correspondent| (c.kind, fold_key(&c.address));
    // Sorted, so that two processes that meet the same people write them in the same order.
    let mut asked: BTreeMap<Key<'a>, (&Correspondent, bool)> = BTreeMap::new();
    for person in people.clone() {
        asked.entry(key(person)).or_insert((person, false)).1 |= person.verified;
    }
    let mut contacts: HashMap<Key<'a>, Id<kinds::Contact>> = HashMap::new();
    // Once more for those whom somebody else made in the same moment.
    while !asked.is_empty() {
        known(tx, ws, &mut asked, &mut contacts).await?;
        unknown(tx, ws, &mut asked, &mut contacts).await?;
    }
    Ok(people.filter_map(|person| contacts.get(&key(person)).copied()).collect())
}

/// Moves those who have an address here from `asked` to `contacts`.
async fn known<'a>(
    tx: &mut Tx,
    ws: Id<kinds::Workspace>,
    asked: &mut BTreeMap<Key<'a>, (&Correspondent, bool)>,
    contacts: &mut HashMap<Key<'a>, Id<kinds::Contact>>,
) -> Result<()> {
    let kinds: BTreeSet<&str> = asked.keys().map(|(kind, _)| *kind).collect();
    let mut proven = Vec::new();
    for kind in kinds {
        let keys: Vec<String> = asked.keys().filter(|(k, _)| *k == kind).map(|(_, key)| key.clone()).collect();
        let known: Vec<(Id<kinds::Address>, String, Option<Id<kinds::Contact>>, bool)> = tx
            .all(
                sql!("SELECT id, value_key, contact_id, verified_at IS NOT NULL FROM addresses WHERE workspace_id = $1 AND kind = $2 AND value_key IN " [texts "$3"] " ORDER BY value_key" for_update),
                args![ws, kind, keys.as_slice()],
            )
            .await?;
        for (id, value_key, contact, is_verified) in known {
            let Some((person, verified)) = asked.remove(&(kind, value_key.clone())) else { continue };
            if verified && !is_verified {
                proven.push(id);
            }
            let contact = match contact {
                Some(contact) => contact,
                None => {
                    let contact = create(tx, ws, &person.name, None).await?;
                    tx.run("UPDATE addresses SET contact_id = $3 WHERE workspace_id = $1 AND id = $2", args![ws, id, contact]).await?;
                    contact
                }
            };
            contacts.insert((kind, value_key), contact);
        }
    }
    if !proven.is_empty() {
        let now = tx.now();
        tx.run(
            sql!("UPDATE addresses SET verified_at = $3, verified_by = 'mail' WHERE workspace_id = $1 AND id IN " [ids "$2"]),
            args![ws, proven.as_slice(), now],
        )
        .await?;
    }
    Ok(())
}

/// Makes contacts for the others. Whose address another transaction made meanwhile stays in `asked`.
async fn unknown<'a>(
    tx: &mut Tx,
    ws: Id<kinds::Workspace>,
    asked: &mut BTreeMap<Key<'a>, (&Correspondent, bool)>,
    contacts: &mut HashMap<Key<'a>, Id<kinds::Contact>>,
) -> Result<()> {
    const ADDRESSES: Many = Many {
        into: "INSERT INTO addresses (id, workspace_id, contact_id, kind, value, value_key, verified_at, verified_by, created_at)",
        row: sql!("($1, $2, $3, $4, $5, $6, $7, $8, $9)"),
        end: "ON CONFLICT (workspace_id, kind, value_key) DO NOTHING RETURNING contact_id",
    };
    let now = tx.now();
    let made = create_all(tx, ws, asked.values().map(|(person, _)| (person.name.as_str(), None))).await?;
    let mut rows = Vec::with_capacity(made.len());
    for (((kind, value_key), (person, verified)), contact) in asked.iter().zip(&made) {
        let (verified_at, verified_by) = (verified.then_some(now), verified.then_some("mail"));
        rows.push(args![tx.id::<kinds::Address>(), ws, *contact, *kind, &person.address, value_key, verified_at, verified_by, now]);
    }
    let written: Vec<(Id<kinds::Contact>,)> = tx.all_many(&ADDRESSES, rows).await?;
    let written: HashSet<Id<kinds::Contact>> = written.into_iter().map(|(contact,)| contact).collect();
    let (mut lost, mut made) = (Vec::new(), made.into_iter());
    asked.retain(|key, _| {
        let Some(contact) = made.next() else { return true };
        if !written.contains(&contact) {
            lost.push(contact);
            return true;
        }
        contacts.insert(key.clone(), contact);
        false
    });
    if !lost.is_empty() {
        tx.run(sql!("DELETE FROM contact_trigrams WHERE workspace_id = $1 AND contact_id IN " [ids "$2"]), args![ws, lost.as_slice()])
            .await?;
        tx.run(sql!("DELETE FROM contacts WHERE workspace_id = $1 AND id IN " [ids "$2"]), args![ws, lost.as_slice()]).await?;
    }
    Ok(())
}
