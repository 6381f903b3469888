//! Exit codes are those of sysexits.h, as mail servers' pipes read them (Postfix pipe(8)).

use std::io::Read;
use std::process::ExitCode;
use std::time::Duration;

use channels::Failure;
use channels::mail::lmtp;

/// The mail is not acceptable.
const DATA: u8 = 65;
/// No such recipient.
const NO_USER: u8 = 67;
/// Try again later.
const TEMPORARY: u8 = 75;
/// Mails up to this many bytes are read; the door itself decides what it takes.
const MOST: u64 = 256 << 20;
/// For each step of the conversation.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Reads a mail from standard input and hands it over. Whatever is wrong with us is temporary: the mail server keeps the mail.
pub async fn deliver(door: &str, from: &str, recipients: &[String]) -> ExitCode {
    let mut bytes = Vec::new();
    if let Err(error) = std::io::stdin().lock().take(MOST).read_to_end(&mut bytes) {
        return tell(TEMPORARY, &format!("the mail could not be read: {error}"));
    }
    let to: Vec<&str> = recipients.iter().map(String::as_str).collect();
    let handed = match door.strip_prefix("unix:") {
        Some(path) => match tokio::net::UnixStream::connect(path).await {
            Ok(stream) => lmtp::deliver(stream, from, &to, &bytes, TIMEOUT).await,
            Err(error) => return tell(TEMPORARY, &format!("{door}: {error}")),
        },
        None => match tokio::net::TcpStream::connect(door).await {
            Ok(stream) => lmtp::deliver(stream, from, &to, &bytes, TIMEOUT).await,
            Err(error) => return tell(TEMPORARY, &format!("{door}: {error}")),
        },
    };
    match handed {
        Ok(replies) => {
            let worst = replies.iter().max_by_key(|reply| rank(reply.code));
            match worst.map(|reply| (code_of(reply.code), reply.text())) {
                Some((0, _)) => ExitCode::SUCCESS,
                Some((code, text)) => tell(code, &text),
                None => tell(TEMPORARY, "the delivery door said nothing"),
            }
        }
        Err(Failure::Rejected { detail }) => tell(DATA, &detail),
        Err(failure) => tell(TEMPORARY, &failure.to_string()),
    }
}

fn tell(code: u8, why: &str) -> ExitCode {
    eprintln!("tresen: {why}");
    ExitCode::from(code)
}

/// What a reply (RFC 5321 §4.2) means to the pipe. 550, 551 and 553 are about the recipient; other 5yz about the mail.
fn code_of(reply: u16) -> u8 {
    match reply {
        200..=299 => 0,
        550 | 551 | 553 => NO_USER,
        500..=599 => DATA,
        _ => TEMPORARY,
    }
}

/// With several recipients one exit code stands for all: trying again beats sending back, since what arrived is known by its Message-ID.
fn rank(reply: u16) -> u8 {
    match code_of(reply) {
        0 => 0,
        DATA => 1,
        NO_USER => 2,
        _ => 3,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_become_exit_codes_and_trying_again_wins() {
        assert_eq!([250, 450, 550, 552, 354].map(code_of), [0, TEMPORARY, NO_USER, DATA, TEMPORARY]);
        assert_eq!([250, 550, 451].into_iter().max_by_key(|reply| rank(*reply)), Some(451));
        assert_eq!([250, 550].into_iter().max_by_key(|reply| rank(*reply)), Some(550));
    }
}
