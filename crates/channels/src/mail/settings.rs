//! The form of a mail account, and what it means.

use serde_json::Value as Json;

use crate::{Connection, Failure, Mailbox, Setting, SettingKind};

const SECURITY: SettingKind = SettingKind::Choice(&["tls", "starttls", "none"]);

const fn setting(name: &'static str, kind: SettingKind, required: bool, default: &'static str) -> Setting {
    Setting { name, kind, required, default }
}

/// The guided form, in order.
pub(super) const FORM: &[Setting] = &[
    setting("from", SettingKind::Email, true, ""),
    setting("from_name", SettingKind::Text, false, ""),
    setting("user", SettingKind::Text, false, ""),
    setting("password", SettingKind::Secret, false, ""),
    setting("imap_host", SettingKind::Host, false, ""),
    setting("imap_port", SettingKind::Port, false, "993"),
    setting("imap_security", SECURITY, false, "tls"),
    setting("folders", SettingKind::Text, false, "INBOX"),
    setting("history", SettingKind::Choice(&["none", "30d", "all"]), false, "none"),
    setting("mark_seen", SettingKind::Flag, false, ""),
    setting("smtp_host", SettingKind::Host, false, ""),
    setting("smtp_port", SettingKind::Port, false, "465"),
    setting("smtp_security", SECURITY, false, "tls"),
    setting("smtp_user", SettingKind::Text, false, ""),
    setting("smtp_password", SettingKind::Secret, false, ""),
    setting("sent_folder", SettingKind::Text, false, ""),
    setting("authserv_id", SettingKind::Text, false, ""),
    setting("reply_token", SettingKind::Flag, false, ""),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Security {
    /// TLS from the first byte (RFC 8314 §3).
    Tls,
    StartTls,
    None,
}

#[derive(Clone)]
pub(super) struct Server {
    pub host: String,
    pub port: u16,
    pub security: Security,
    /// Empty: no sign-in.
    pub user: String,
    pub password: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum History {
    None,
    Days(u64),
    All,
}

/// A mail account as its settings describe it.
#[derive(Clone)]
pub(super) struct Account {
    /// `None`: mail comes by LMTP only.
    pub imap: Option<Server>,
    pub smtp: Option<Server>,
    pub folders: Vec<String>,
    pub history: History,
    pub mark_seen: bool,
    pub sent_folder: Option<String>,
    pub authserv_id: String,
}

/// The half that sending needs; the installation's system mail has only this.
#[derive(Clone)]
pub(super) struct Sender {
    pub server: Server,
    pub from: Mailbox,
    /// Value of the loop header, put in by the caller as `loop_marker`.
    pub loop_marker: Option<String>,
}

/// Reads fields and remembers every one that is wrong.
struct Reader<'a> {
    connection: &'a Connection,
    wrong: Vec<Failure>,
}

impl<'a> Reader<'a> {
    fn new(connection: &'a Connection) -> Self {
        Self { connection, wrong: Vec::new() }
    }

    fn fail(&mut self, field: &str, detail: &str) {
        self.wrong.push(Failure::Setting { field: field.into(), detail: detail.into() });
    }

    fn text(&mut self, field: &str) -> String {
        let value = self.connection.settings.get(field).or_else(|| self.connection.secret.get(field));
        let text = match value {
            Some(Json::String(text)) => text.trim().to_owned(),
            Some(Json::Number(number)) => number.to_string(),
            Some(Json::Bool(flag)) => flag.to_string(),
            _ => String::new(),
        };
        // A line break would end the command it is put into.
        if text.chars().any(char::is_control) {
            self.fail(field, "control characters");
            return String::new();
        }
        text
    }

    fn required(&mut self, field: &str) -> String {
        let text = self.text(field);
        if text.is_empty() && !self.wrong.iter().any(|f| matches!(f, Failure::Setting { field: known, .. } if known == field)) {
            self.fail(field, "missing");
        }
        text
    }

    fn secret(&mut self, field: &str) -> String {
        let text = self.connection.secret.get(field).and_then(Json::as_str).unwrap_or_default().to_owned();
        if text.contains(['\r', '\n', '\0']) {
            self.fail(field, "control characters");
            return String::new();
        }
        text
    }

    fn flag(&mut self, field: &str) -> bool {
        matches!(self.text(field).as_str(), "true" | "on" | "1" | "yes")
    }

    fn server(&mut self, prefix: &str, ports: [u16; 3], required: bool) -> Option<Server> {
        let names = [format!("{prefix}_host"), format!("{prefix}_port"), format!("{prefix}_security")];
        let host = if required { self.required(&names[0]) } else { self.text(&names[0]) };
        let security = match self.text(&names[2]).as_str() {
            "" | "tls" => Security::Tls,
            "starttls" => Security::StartTls,
            "none" => Security::None,
            _ => {
                self.fail(&names[2], "tls, starttls or none");
                Security::Tls
            }
        };
        let usual = ports[match security {
            Security::Tls => 0,
            Security::StartTls => 1,
            Security::None => 2,
        }];
        let port = self.text(&names[1]);
        let port = match port.parse::<u16>() {
            Ok(port) if port > 0 => port,
            _ if port.is_empty() => usual,
            _ => {
                self.fail(&names[1], "not a port");
                usual
            }
        };
        if host.contains(['/', ' ', '@']) || host.len() > 253 {
            self.fail(&names[0], "not a host name");
        }
        (!host.is_empty()).then_some(Server { host, port, security, user: String::new(), password: String::new() })
    }

    fn address(&mut self, field: &str) -> Mailbox {
        let address = self.required(field);
        if !address.is_empty() && super::smtp::ascii_address(&address).is_none() {
            self.fail(field, "not a mail address");
        }
        let name = self.text("from_name");
        Mailbox { name: Some(name).filter(|name| !name.is_empty()), address }
    }

    fn smtp(&mut self, required: bool) -> Option<Server> {
        let mut server = self.server("smtp", [465, 587, 25], required)?;
        let own_user = self.text("smtp_user");
        let own_password = self.secret("smtp_password");
        server.user = if own_user.is_empty() { self.text("user") } else { own_user };
        server.password = if own_password.is_empty() { self.secret("password") } else { own_password };
        Some(server)
    }

    fn done<T>(self, value: T) -> Result<T, Vec<Failure>> {
        if self.wrong.is_empty() { Ok(value) } else { Err(self.wrong) }
    }
}

impl Account {
    pub(super) fn read(connection: &Connection) -> Result<Self, Vec<Failure>> {
        let mut read = Reader::new(connection);
        read.address("from");
        let mut imap = read.server("imap", [993, 143, 143], false);
        if let Some(server) = &mut imap {
            server.user = read.required("user");
            server.password = read.secret("password");
            if server.password.is_empty() {
                read.fail("password", "missing");
            }
        }
        let smtp = read.smtp(false);
        let folders = read.text("folders");
        let mut folders: Vec<String> = folders.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect();
        folders.dedup();
        if folders.is_empty() {
            folders.push("INBOX".to_owned());
        }
        if folders.len() > 20 {
            read.fail("folders", "more than 20");
        }
        let history = match read.text("history").as_str() {
            "" | "none" => History::None,
            "30d" => History::Days(30),
            "all" => History::All,
            _ => {
                read.fail("history", "none, 30d or all");
                History::None
            }
        };
        let mark_seen = read.flag("mark_seen");
        let sent_folder = Some(read.text("sent_folder")).filter(|name| !name.is_empty());
        let authserv_id = read.text("authserv_id");
        if imap.is_none() && smtp.is_none() {
            // Neither in nor out: most people forgot the first.
            read.required("imap_host");
        }
        read.done(Self { imap, smtp, folders, history, mark_seen, sent_folder, authserv_id })
    }
}

impl Sender {
    pub(super) fn read(connection: &Connection) -> Result<Self, Vec<Failure>> {
        let mut read = Reader::new(connection);
        let from = read.address("from");
        let server = read.smtp(true);
        let loop_marker = Some(read.text("loop_marker")).filter(|marker| !marker.is_empty());
        let empty = Server { host: String::new(), port: 465, security: Security::Tls, user: String::new(), password: String::new() };
        read.done(Self { server: server.unwrap_or(empty), from, loop_marker })
    }
}

/// The first of several failures, for answers that hold one.
pub(super) fn first(failures: Vec<Failure>) -> Failure {
    failures.into_iter().next().unwrap_or(Failure::Setting { field: String::new(), detail: String::new() })
}

/// INBOX is case-insensitive (RFC 9051 §5.1), other names are not.
pub(super) fn same_folder(a: &str, b: &str) -> bool {
    a == b || (a.eq_ignore_ascii_case("INBOX") && b.eq_ignore_ascii_case("INBOX"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn connection(settings: Json) -> Connection {
        Connection { settings, secret: json!({ "password": "geheim" }) }
    }

    fn fields(connection: &Connection) -> Vec<String> {
        let wrong = Account::read(connection).err().unwrap_or_default();
        wrong.into_iter().filter_map(|failure| if let Failure::Setting { field, .. } = failure { Some(field) } else { None }).collect()
    }

    #[test]
    fn every_wrong_field_is_named() {
        assert_eq!(fields(&Connection::default()), ["from", "imap_host"]);
        let no_user = Connection { settings: json!({ "from": "a@b.test", "imap_host": "b.test" }), ..Connection::default() };
        assert_eq!(fields(&no_user), ["user", "password"]);
        let wrong = connection(
            json!({ "from": "nobody", "user": "a\r\nb", "imap_host": "http://x", "imap_port": 70000, "imap_security": "ssl", "history": "1y" }),
        );
        assert_eq!(fields(&wrong), ["from", "imap_security", "imap_port", "imap_host", "user", "history"]);
    }

    #[test]
    fn ports_follow_the_security_unless_given() {
        let base = json!({ "from": "a@b.test", "user": "a", "imap_host": "imap.b.test", "imap_security": "starttls", "smtp_host": "smtp.b.test", "smtp_port": "2525" });
        let Ok(account) = Account::read(&connection(base)) else { panic!("valid") };
        assert_eq!(account.imap.map(|s| s.port), Some(143));
        assert_eq!(account.smtp.as_ref().map(|s| s.port), Some(2525));
        assert_eq!(account.smtp.map(|s| s.user).as_deref(), Some("a"));
        assert_eq!(account.folders, ["INBOX"]);
        assert!(!account.mark_seen);
    }
}
