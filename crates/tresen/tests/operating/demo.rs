//! The example company's living present. The town runs sixty times faster here, so that its hour is a minute.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use db::{Db, args};
use serde_json::Value;

use crate::support::{Place, Running, until};

const PACE: &str = "60";
const SOON: Duration = Duration::from_secs(40);
/// The first customer who writes after the start, and what she writes when she has her answer.
const FIRST: &str = "Tisch im Nordwind Lend für sechs?";
const SECOND: &str = "Danke für die schnelle Antwort! Eins noch: Kommt man mit dem Kinderwagen";

async fn strings(db: &Db, text: &str) -> Vec<String> {
    let found: Vec<(String,)> = db.read().await.unwrap().all_built(text.to_string(), text.to_string(), args![]).await.unwrap();
    found.into_iter().map(|(value,)| value).collect()
}

/// Goes in by the button of somebody with this role; the cookie.
fn enter(running: &Running, role: &str) -> String {
    let page = running.get("/demo", "").body;
    let form = page.split("<form").find(|part| part.contains(role)).unwrap_or_else(|| panic!("nobody is {role}:\n{page}"));
    let action = form.split("action=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a form");
    let answer = running.post(action, "", "");
    assert_eq!((answer.status, answer.headers["location"].as_str()), (303, "/nordwind/inbox"), "{role}");
    answer.headers["set-cookie"].split(';').next().unwrap().to_string()
}

/// Loopback addresses, names of this machine, and places that can be no address.
fn is_here(host: &str) -> bool {
    let host = host.trim_start_matches('[').split([']', '/']).next().unwrap_or_default();
    let host = host.rsplit_once(':').filter(|_| host.matches(':').count() == 1).map_or(host, |(host, _)| host);
    host == "localhost" || host.ends_with(".localhost") || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// Every host in a source's or an account's settings.
fn hosts(value: &Value, name: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(map) => map.iter().for_each(|(name, value)| hosts(value, name, found)),
        Value::Array(list) => list.iter().for_each(|value| hosts(value, name, found)),
        Value::String(text) => match text.split_once("://") {
            Some((_, rest)) => found.push(rest.to_string()),
            None if name.ends_with("host") && !text.is_empty() => found.push(text.clone()),
            None => {}
        },
        _ => {}
    }
}

/// Sockets of a process: local and remote addresses as /proc writes them (proc(5)), hexadecimal.
fn sockets(process: u32) -> Vec<(String, String)> {
    let mut own = HashSet::new();
    for entry in std::fs::read_dir(format!("/proc/{process}/fd")).unwrap().flatten() {
        if let Ok(target) = std::fs::read_link(entry.path())
            && let Some(inode) = target.to_string_lossy().strip_prefix("socket:[").and_then(|rest| rest.strip_suffix(']'))
        {
            own.insert(inode.to_string());
        }
    }
    let mut found = Vec::new();
    for table in ["tcp", "tcp6", "udp", "udp6"] {
        for line in std::fs::read_to_string(format!("/proc/{process}/net/{table}")).unwrap_or_default().lines().skip(1) {
            let words: Vec<&str> = line.split_whitespace().collect();
            if own.contains(words[9]) {
                found.push((words[1].to_string(), words[2].to_string()));
            }
        }
    }
    found
}

fn is_loopback(hex: &str) -> bool {
    // 127.x.x.x, little-endian; ::1; or the same in IPv6's clothes.
    let address = hex.split(':').next().unwrap_or_default();
    match address.len() {
        8 => address.ends_with("7F"),
        _ => address == "00000000000000000000000001000000" || address.starts_with("0000000000000000FFFF0000") && address.ends_with("7F"),
    }
}

#[tokio::test]
async fn the_town_goes_on_living_and_a_customer_who_is_answered_writes_again() {
    let place = Place::sqlite();
    let running = place.start(&["demo", "--pace", PACE], &[]);
    let db = place.beside().await;
    let past = strings(&db, "SELECT external_id FROM messages WHERE direction = 'in' AND external_id IS NOT NULL").await.len();
    let cookies: Vec<String> = ["Service", "Verwaltung", "Besitz"].iter().map(|role| enter(&running, role)).collect();
    for cookie in &cookies {
        assert_eq!(running.get("/nordwind/inbox", cookie).status, 200);
    }

    let conversation = until("the first live letter", SOON, async || {
        let id: Option<(model::Id<model::kinds::Conversation>,)> =
            db.read().await.unwrap().opt("SELECT id FROM conversations WHERE subject = $1", args![FIRST]).await.unwrap();
        id.map(|(id,)| id)
    })
    .await;
    assert!(running.get("/nordwind/inbox?view=all", &cookies[0]).body.contains("Barbara Moser"));
    let answer = running.post(&format!("/nordwind/inbox/{conversation}/reply"), &cookies[0], "text=Gern%2C+bis+Samstag%21&anyway=1");
    assert_eq!(answer.status, 303, "{}", answer.body);
    until("the customer's second letter", SOON, async || {
        let texts: Vec<(String,)> = db
            .read()
            .await
            .unwrap()
            .all("SELECT text FROM messages WHERE conversation_id = $1 AND direction = 'in' ORDER BY sort_at, id", args![conversation])
            .await
            .unwrap();
        texts.get(1).filter(|(text,)| text.starts_with(SECOND)).map(|_| ())
    })
    .await;
    assert!(running.get(&format!("/nordwind/inbox/{conversation}"), &cookies[1]).body.contains("Kinderwagen bei der Tür"));

    // Others write too, and the blogs go on.
    until("further letters and posts", SOON, async || {
        let letters = strings(&db, "SELECT external_id FROM messages WHERE direction = 'in' AND external_id IS NOT NULL").await.len();
        let posts = strings(&db, "SELECT text FROM posts WHERE id > (SELECT MIN(id) FROM sessions)").await.len();
        (letters >= past + 4 && posts >= 3).then_some(())
    })
    .await;

    for (local, remote) in sockets(running.id()) {
        assert!(is_loopback(&local), "listens or speaks on {local}");
        assert!(is_loopback(&remote) || remote.bytes().all(|b| b == b'0' || b == b':'), "speaks with {remote}");
    }
    let mut found = Vec::new();
    for table in ["sources", "channel_accounts"] {
        for text in strings(&db, &format!("SELECT settings FROM {table}")).await {
            hosts(&serde_json::from_str(&text).unwrap(), "", &mut found);
        }
    }
    assert!(found.len() >= 5, "{found:?}");
    assert!(found.iter().all(|host| is_here(host)), "{found:?}");
    db.close().await;
    let (code, took) = running.stop();
    assert!(code == Some(0) && took < Duration::from_secs(15), "{code:?} {took:?}");
    let refused = place.run(&["serve", "--listen", "127.0.0.1:0"]);
    assert!(refused.code == Some(1) && refused.err.contains("holds the demo"), "{}", refused.err);
}

/// What the past holds, without ids and hours.
async fn story(place: &Place) -> BTreeMap<&'static str, Vec<String>> {
    let db = place.beside().await;
    let mut all = BTreeMap::new();
    for (name, text) in [
        (
            "conversations",
            "SELECT subject || ' ' || channel || ' ' || status || ' ' || priority || ' ' || messages FROM conversations ORDER BY id",
        ),
        ("messages", "SELECT direction || ' ' || text FROM messages ORDER BY conversation_id, sort_at, id"),
        ("posts", "SELECT kind || ' ' || text FROM posts ORDER BY id"),
        (
            "hits",
            "SELECT w.name || ' ' || COUNT(*) FROM watch_hits h JOIN watches w ON w.id = h.watch_id GROUP BY w.id, w.name ORDER BY w.name",
        ),
        ("contacts", "SELECT c.name FROM contacts c ORDER BY c.name, c.id"),
    ] {
        all.insert(name, strings(&db, text).await);
    }
    db.close().await;
    all
}

#[tokio::test]
async fn the_same_seed_tells_the_same_story() {
    let (first, second) = (Place::sqlite(), Place::sqlite());
    for place in [&first, &second] {
        assert_eq!(place.start(&["demo", "--seed", "7"], &[]).stop().0, Some(0));
    }
    let (one, two) = (story(&first).await, story(&second).await);
    assert!(one["conversations"].len() > 50 && one["posts"].len() > 200 && one["hits"].len() > 2);
    for (name, rows) in &one {
        assert_eq!(rows, &two[name], "{name}");
    }
}

#[test]
fn the_demo_shows_itself_to_this_machine_only() {
    let place = Place::sqlite();
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:8420"] {
        let ran = place.run(&["demo", "--listen", address]);
        assert_eq!((ran.code, ran.out.as_str()), (Some(1), ""), "{address}");
        assert!(ran.err.contains("loopback only"), "{address}: {}", ran.err);
    }
    let ran = place.plain(&["demo", "--listen", "127.0.0.1:0", "--database", "postgres://localhost/x"], b"");
    assert!(ran.code == Some(1) && ran.err.contains("its own database"), "{}", ran.err);
    assert!(!place.data().exists(), "nothing is made before it refuses");
}
