//! The disk is full: once where the database lies, once where the files lie. Needs the right to mount; without it the tests say so and end.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::support::*;

/// A small file system of its own.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn at(path: &Path, megabytes: u32) -> Option<Self> {
        std::fs::create_dir_all(path).unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={megabytes}m"), "tmpfs"]).arg(path).stderr(Stdio::null());
        let mounted = mount.status().is_ok_and(|status| status.success());
        if !mounted {
            eprintln!("skipped: a small file system can be mounted by root only");
        }
        mounted.then(|| Self(path.to_path_buf()))
    }

    /// Takes all the room there is.
    fn fill(&self) {
        let mut file = std::fs::File::create(self.0.join("filler")).unwrap();
        let (bytes, mut size) = (vec![0_u8; 1 << 20], 1 << 20);
        while size > 0 {
            if std::io::Write::write_all(&mut file, &bytes[..size]).is_err() {
                size /= 2;
            }
        }
    }

    fn make_room(&self) {
        std::fs::remove_file(self.0.join("filler")).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: the program may not have ended yet.
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fault_no_room_for_the_database() {
    let place = Place::sqlite().await;
    let Some(disk) = SmallDisk::at(place.data(), 48) else { return };
    let (smtp, counts) = count_mails();
    let app = place.app().await;
    let seat = seat(&app).await;
    mailbox(&app, &seat, smtp).await;
    let cookie = cookie(&app.db, &seat).await;
    close(app).await;
    let lmtp = free_port();
    let mut life = place.start(lmtp);
    let filler = "Noch eine Zeile mit Text, die Platz braucht.\r\n".repeat(2_000);
    let mut taken = Vec::new();
    for n in 0..5 {
        assert!(hand_in(lmtp, n), "mail {n}");
        taken.push(n);
    }
    let db = place.beside().await;
    let (conversation,): (model::Id<model::kinds::Conversation>,) =
        db.read().await.unwrap().one("SELECT id FROM conversations ORDER BY id LIMIT 1", vec![]).await.unwrap();
    let reply = format!("/firma/inbox/{conversation}/reply");
    let (status, page) = http(life.web, &cookie, "POST", &reply, "text=Danke.").unwrap();
    assert!(status < 400, "{page}");

    disk.fill();
    // What the log of the database has already taken from the disk is used up first.
    let refused = (5..300).find_map(|n| {
        let reply = deliver(lmtp, n, &filler).unwrap();
        if reply.starts_with("250") {
            taken.push(n);
            return None;
        }
        Some(reply)
    });
    let refused = refused.expect("a full disk refuses mails");
    assert!(refused.starts_with("452 4.3.1"), "{refused}");
    let (status, said) = http(life.web, "", "GET", "/readyz", "").unwrap();
    assert_eq!(status, 503);
    assert!(said.contains("room"), "{said}");
    let (status, page) = http(life.web, &cookie, "GET", "/firma/inbox", "").unwrap();
    assert_eq!(status, 200, "reading goes on: {page}");
    let long = format!("text={}", "Ausführliche+Antwort+".repeat(8_000));
    let (status, page) = http(life.web, &cookie, "POST", &reply, &long).unwrap();
    assert_eq!(status, 503, "{page}\n{}", place.said());
    assert!(page.contains("kein Platz"), "{page}");
    assert!(life.is_alive());

    disk.make_room();
    until("there is room again", || async { http(life.web, "", "GET", "/readyz", "").is_some_and(|(status, _)| status == 200) }).await;
    assert!(hand_in(lmtp, 900));
    taken.push(900);
    until("the answer is sent", || async {
        count(&db, "SELECT COUNT(*) FROM messages WHERE direction = 'out' AND state = 'sent'").await == 1
    })
    .await;
    assert_eq!(counts.lock().unwrap().values().sum::<usize>(), 1, "the refused answer was not sent");
    db.close().await;
    life.kill();
    let app = place.app().await;
    assert_eq!(count(&app.db, "SELECT COUNT(*) FROM messages WHERE direction = 'in'").await, taken.len() as i64);
    assert_eq!(count(&app.db, "SELECT COUNT(*) FROM messages_fts").await, taken.len() as i64 + 1);
    let sound: (String,) =
        app.db.read().await.unwrap().one("SELECT integrity_check FROM pragma_integrity_check LIMIT 1", vec![]).await.unwrap();
    assert_eq!(sound.0, "ok");
    place.assert_no_panic();
    eprintln!("{} mails taken, then: {}", taken.len(), refused.trim());
}

async fn no_room_for_files(place: Place) {
    let Some(disk) = SmallDisk::at(&place.data().join("blobs"), 20) else { return };
    let app = place.app().await;
    let seat = seat(&app).await;
    mailbox(&app, &seat, 9).await;
    close(app).await;
    let lmtp = free_port();
    let life = place.start(lmtp);
    disk.fill();
    let refused = with_file(lmtp, 1);
    assert!(refused.starts_with("452 4.3.1"), "{refused}");
    assert!(hand_in(lmtp, 2), "a mail without a file needs no room there");
    let (status, said) = http(life.web, "", "GET", "/readyz", "").unwrap();
    assert!(status == 503 && said.contains("room"), "{said}");
    disk.make_room();
    let taken = with_file(lmtp, 1);
    assert!(taken.starts_with("250"), "{taken}");
    until("there is room again", || async { http(life.web, "", "GET", "/readyz", "").is_some_and(|(status, _)| status == 200) }).await;
    let db = place.beside().await;
    assert_eq!(count(&db, "SELECT COUNT(*) FROM messages").await, 2);
    assert_eq!(count(&db, "SELECT COUNT(*) FROM attachments").await, 1);
    db.close().await;
    life.kill();
    place.assert_no_panic();
}

fn with_file(lmtp: u16, n: u64) -> String {
    let file = "VHJlc2Vu".repeat(7) + "\r\n";
    let mail = format!(
        "From: Kundin <kundin{n}@example.test>\r\nTo: {INBOX}\r\nSubject: Rechnung\r\nMessage-ID: <f{n}@example.test>\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text/plain\r\n\r\nAnbei.\r\n--x\r\nContent-Type: application/pdf\r\n\
         Content-Disposition: attachment; filename=rechnung.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n{}\r\n--x--\r\n",
        file.repeat(2_000)
    );
    deliver_raw(lmtp, &mail).unwrap()
}

on_both!(no_room_for_files);
