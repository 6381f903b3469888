//! What a guided form was filled in with, read by the channel's own list of fields.

use channels::{Capabilities, Channel, Connection, Failure, Setting, SettingKind};
use i18n::Sentence;
use serde_json::{Map, Value as Json};

use crate::{Error, Result, fold_key};

/// Names and values as a form sends them. Unknown names are ignored; a secret that is blank keeps what it was.
pub type Values = Vec<(String, String)>;

const LONGEST: usize = 2_000;

/// Settings and secret made of `values`; every wrong field is named.
pub(super) fn read(channel: &dyn Channel, values: &Values, former: Option<&Connection>) -> Result<Connection> {
    let (mut settings, mut secret, mut wrong) = (Map::new(), Map::new(), Vec::new());
    let door = is_door(channel, |name| values.iter().rev().find(|(given, _)| given == name).map(|(_, value)| value.trim().to_string()));
    for setting in channel.capabilities().settings {
        let given = values.iter().rev().find(|(name, _)| name == setting.name).map(|(_, value)| value.trim());
        if setting.kind == SettingKind::Flag {
            settings.insert(setting.name.into(), Json::Bool(given.is_some_and(|value| matches!(value, "on" | "true" | "1"))));
            continue;
        }
        let is_secret = setting.kind == SettingKind::Secret;
        let kept = former.filter(|_| is_secret).and_then(|c| c.secret.get(setting.name)).cloned();
        match (given.unwrap_or_default(), kept) {
            ("", Some(kept)) => {
                secret.insert(setting.name.into(), kept);
            }
            ("", None) if setting.required => wrong.push((setting.name.to_string(), Sentence::new("error-setting-required"))),
            ("", None) => {}
            (value, _) if value.chars().count() > LONGEST || !fits(setting, value) => wrong.push((setting.name.to_string(), why(setting))),
            (value, _) => {
                // A password may begin or end with a blank.
                let value = values.iter().rev().find(|(name, _)| is_secret && name == setting.name).map_or(value, |(_, whole)| whole);
                if is_secret { &mut secret } else { &mut settings }.insert(setting.name.into(), Json::String(value.to_string()));
            }
        }
    }
    let connection =
        Connection { settings: Json::Object(settings), secret: if secret.is_empty() { Json::Null } else { Json::Object(secret) } };
    if wrong.is_empty() && !door {
        wrong = channel.check(&connection).into_iter().map(|failure| named(channel.capabilities(), &connection, failure)).collect();
    }
    if wrong.is_empty() { Ok(connection) } else { Err(Error::InvalidFields(wrong)) }
}

/// A mail account without any server: things reach it through the delivery door only.
fn is_door(channel: &dyn Channel, value: impl Fn(&str) -> Option<String>) -> bool {
    let capabilities = channel.capabilities();
    let mut servers = capabilities.settings.iter().filter(|setting| setting.kind == SettingKind::Host).peekable();
    let receives = !capabilities.public && capabilities.settings.iter().any(|setting| setting.kind == SettingKind::Email);
    receives && servers.peek().is_some() && servers.all(|server| value(server.name).is_none_or(|host| host.is_empty()))
}

/// Whether nothing is fetched for these settings, because it is handed in.
pub(super) fn is_handed(app: &crate::App, channel: &dyn Channel, connection: &Connection) -> bool {
    is_door(channel, |name| connection.settings.get(name).and_then(Json::as_str).map(str::to_string))
        || channel.listen(&app.channels, connection).is_none()
}

fn fits(setting: &Setting, value: &str) -> bool {
    match setting.kind {
        SettingKind::Port => value.parse::<u16>().is_ok_and(|port| port > 0),
        SettingKind::Email => is_address(value),
        SettingKind::Host => !value.contains(|c: char| c.is_whitespace() || c.is_control() || matches!(c, '/' | '@')),
        SettingKind::Choice(all) => all.contains(&value),
        _ => !value.contains(['\0', '\r', '\n']),
    }
}

fn why(setting: &Setting) -> Sentence {
    Sentence::new(match setting.kind {
        SettingKind::Port => "error-setting-port",
        SettingKind::Email => "error-email",
        SettingKind::Host => "error-setting-host",
        SettingKind::Url => "error-setting-url",
        SettingKind::Choice(_) => "error-choice",
        _ => "error-setting-text",
    })
}

/// A failure of [`Channel::check`] as the sentence beside its field.
fn named(capabilities: &Capabilities, connection: &Connection, failure: Failure) -> (String, Sentence) {
    let Failure::Setting { field, .. } = &failure else { return (String::new(), super::health::sentence(&failure)) };
    let is_blank = connection.settings.get(field).or_else(|| connection.secret.get(field)).is_none();
    let setting = capabilities.settings.iter().find(|setting| setting.name == field);
    let sentence = match setting {
        Some(_) if is_blank => Sentence::new("error-setting-required"),
        Some(setting) => why(setting),
        None => super::health::sentence(&failure),
    };
    (field.clone(), sentence)
}

/// Good enough to be written to: one `@` with something on both sides and no blanks (RFC 5321 §4.5.3.1 limits the length).
pub(super) fn is_address(text: &str) -> bool {
    let parts = text.rsplit_once('@');
    text.len() <= 254
        && !text.contains(|c: char| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | ',' | ';' | '"'))
        && parts.is_some_and(|(local, domain)| {
            !local.is_empty() && !local.contains('@') && domain.contains('.') && !domain.starts_with('.') && !domain.ends_with('.')
        })
}

fn first(channel: &dyn Channel, settings: &Json, kind: SettingKind) -> Option<(&'static str, String)> {
    let setting = channel.capabilities().settings.iter().find(|setting| setting.kind == kind)?;
    settings.get(setting.name)?.as_str().filter(|value| !value.is_empty()).map(|value| (setting.name, value.to_string()))
}

/// What people know the account by: its mail address, else its web address.
pub(super) fn address(channel: &dyn Channel, settings: &Json) -> Option<String> {
    first(channel, settings, SettingKind::Email).or_else(|| first(channel, settings, SettingKind::Url)).map(|(_, value)| value)
}

/// The mail address at which things arrive for this account, with the field it stands in.
pub(super) fn inbound(channel: &dyn Channel, settings: &Json) -> Option<(&'static str, String)> {
    first(channel, settings, SettingKind::Email).filter(|_| !channel.capabilities().public)
}

/// The field that holds the address of a public source.
pub(super) fn url_field(channel: &dyn Channel) -> Option<&'static str> {
    channel.capabilities().settings.iter().find(|setting| setting.kind == SettingKind::Url).map(|setting| setting.name)
}

/// What a public source without credentials is found by, the same for every workspace: its normalised address and what else is set.
/// `None`: the source belongs to one account.
pub(super) fn shared_key(channel: &dyn Channel, connection: &Connection) -> Option<String> {
    let capabilities = channel.capabilities();
    if !capabilities.public || !connection.secret.is_null() {
        return None;
    }
    let (field, address) = first(channel, &connection.settings, SettingKind::Url)?;
    let address = if address.contains("://") { address } else { format!("https://{address}") };
    let url = url::Url::parse(&address).ok()?;
    let mut key = channels::feed::canonical(&url, false);
    for setting in capabilities.settings.iter().filter(|setting| setting.name != field) {
        let value = match connection.settings.get(setting.name) {
            Some(Json::Bool(on)) => on.to_string(),
            Some(Json::String(text)) => text.clone(),
            _ => continue,
        };
        if value != setting.default {
            key.push_str(&format!(" {}={}", setting.name, fold_key(&value)));
        }
    }
    Some(key)
}
