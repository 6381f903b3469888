//! The town's post office: takes the answers that leave Tresen by SMTP (RFC 5321) and hands them to the town. Loopback, plain, no sign-in.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use super::town::Town;

/// Bytes of one mail.
const MAX: usize = 40 << 20;

pub async fn serve(listener: TcpListener, town: Arc<Town>) {
    while let Ok((stream, _)) = listener.accept().await {
        let town = town.clone();
        tokio::spawn(async move {
            let _ = tokio::time::timeout(Duration::from_secs(120), session(stream, town)).await;
        });
    }
}

async fn session(stream: TcpStream, town: Arc<Town>) -> std::io::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut read = BufReader::new(read);
    write.write_all(b"220 town.localhost ESMTP\r\n").await?;
    let (mut line, mut to) = (String::new(), Vec::new());
    loop {
        line.clear();
        if read.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let verb = line.split([' ', ':', '\r', '\n']).next().unwrap_or_default().to_ascii_uppercase();
        let answer: &[u8] = match verb.as_str() {
            "EHLO" => b"250-town.localhost\r\n250-8BITMIME\r\n250-SIZE 41943040\r\n250 SMTPUTF8\r\n",
            "HELO" | "MAIL" | "RSET" | "NOOP" => b"250 OK\r\n",
            "RCPT" => {
                to.push(line.split(['<', '>']).nth(1).unwrap_or_default().to_string());
                b"250 OK\r\n"
            }
            "DATA" => {
                write.write_all(b"354 Go ahead\r\n").await?;
                let mail = body(&mut read).await?;
                town.received(&std::mem::take(&mut to), &mail);
                b"250 2.0.0 Taken\r\n"
            }
            "QUIT" => {
                write.write_all(b"221 Bye\r\n").await?;
                return Ok(());
            }
            _ => b"502 Not here\r\n",
        };
        write.write_all(answer).await?;
    }
}

async fn body(read: &mut (impl AsyncBufReadExt + Unpin)) -> std::io::Result<Vec<u8>> {
    let mut mail = Vec::new();
    loop {
        let mut line = Vec::new();
        if read.read_until(b'\n', &mut line).await? == 0 || line == b".\r\n" || mail.len() > MAX {
            return Ok(mail);
        }
        // Dot-stuffing (RFC 5321 §4.5.2).
        mail.extend_from_slice(if line.starts_with(b"..") { &line[1..] } else { &line });
    }
}
