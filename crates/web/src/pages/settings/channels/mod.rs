//! Channel accounts: the list, connecting one, one account.

pub mod account;
pub mod connect;

use askama::Template;
use channels::{Capabilities, SettingKind};
use domain::sources::forms::FormSettings;
use domain::sources::{self, Account};
use i18n::{Sentence, Texts};
use model::{Id, kinds};

use crate::error::{Fault, Reply, html};
use crate::{Page, Visit};

/// What the side navigation lights.
const SECTION: &str = "channels";

#[derive(Template)]
#[template(path = "settings/channels/list.html")]
struct ListPage {
    t: Texts,
    page: Page,
    section: &'static str,
    needs: Vec<Line>,
    running: Vec<Line>,
    total: i64,
    needing: i64,
    may_edit: bool,
}

/// An account as the list shows it.
struct Line {
    account: Account,
    name: String,
    icon: &'static str,
    channel: String,
    state: State,
}

/// Condition in words, symbol and class: never colour alone.
struct State {
    word: &'static str,
    icon: &'static str,
    class: &'static str,
    why: String,
}

fn state(t: Texts, account: &Account) -> State {
    let (level, why) = account.condition();
    let why = why.render(t);
    match level {
        _ if account.is_paused() => State { word: t.channels_state_paused(), icon: "pause", class: "quiet", why },
        sources::Level::Ok => State { word: t.channels_state_ok(), icon: "check-circle", class: "ok", why },
        sources::Level::Slow => State { word: t.channels_state_slow(), icon: "warn", class: "warn", why },
        sources::Level::Bad => State { word: t.channels_state_bad(), icon: "stop", class: "bad", why },
    }
}

fn icon(channel: &str) -> &'static str {
    channels::by_name(channel).map_or("inbox", |channel| channel.capabilities().icon)
}

/// What the account is called; one that was made by the program itself bears its channel's name.
fn account_name(t: Texts, account: &Account) -> String {
    if account.name == account.channel { channel_name(t, &account.channel) } else { account.name.clone() }
}

/// A channel's own name in words; its technical one where there are none.
fn channel_name(t: Texts, channel: &str) -> String {
    t.by_key(&format!("channel-{channel}"), &[]).unwrap_or_else(|| channel.to_string())
}

/// `GET /{workspace}/settings/channels`
pub async fn page(visit: Visit) -> Reply {
    let t = visit.t();
    let mut conn = visit.read().await?;
    let accounts = sources::list(&mut conn, &visit.seat).await?;
    drop(conn);
    let total = i64::try_from(accounts.len()).unwrap_or(i64::MAX);
    let lines = accounts.into_iter().map(|account| Line {
        name: account_name(t, &account),
        icon: icon(&account.channel),
        channel: channel_name(t, &account.channel),
        state: state(t, &account),
        account,
    });
    let (needs, running): (Vec<Line>, Vec<Line>) = lines.partition(|line| line.account.needs_someone());
    let needing = i64::try_from(needs.len()).unwrap_or(i64::MAX);
    let may_edit = visit.seat.can_everywhere(domain::accounts::Permission::ChannelEdit);
    html(&ListPage { t, page: visit.page("settings").await?, section: SECTION, needs, running, total, needing, may_edit })
}

/// One field of a guided form, ready to be shown.
pub(super) struct Field {
    id: String,
    name: &'static str,
    label: String,
    hint: String,
    error: String,
    /// `text`, `url`, `email`, `password`, `number`, `checkbox`, `select`.
    input: &'static str,
    value: String,
    options: Vec<(&'static str, String)>,
    required: bool,
}

impl Field {
    fn is_on(&self) -> bool {
        matches!(self.value.as_str(), "on" | "true" | "1")
    }
}

/// The channel's fields: those everybody fills in, and the rest. `value` says what stands in them, `kept` which secrets are known.
pub(super) fn fields(
    t: Texts,
    capabilities: &'static Capabilities,
    value: impl Fn(&str) -> Option<String>,
    kept: impl Fn(&str) -> bool,
    errors: &[(String, Sentence)],
) -> (Vec<Field>, Vec<Field>) {
    let all = capabilities.settings.iter().map(|setting| {
        let key = format!("channel-{}-{}", capabilities.name, setting.name.replace('_', "-"));
        let text = |suffix: &str| t.by_key(&format!("{key}{suffix}"), &[]);
        let (input, options) = match setting.kind {
            SettingKind::Text | SettingKind::Host => ("text", Vec::new()),
            SettingKind::Url => ("text", Vec::new()),
            SettingKind::Email => ("email", Vec::new()),
            SettingKind::Port => ("number", Vec::new()),
            SettingKind::Secret => ("password", Vec::new()),
            SettingKind::Flag => ("checkbox", Vec::new()),
            SettingKind::Choice(values) => {
                ("select", values.iter().map(|value| (*value, text(&format!("-{value}")).unwrap_or_else(|| value.to_string()))).collect())
            }
        };
        let kept = setting.kind == SettingKind::Secret && kept(setting.name);
        Field {
            id: format!("set-{}", setting.name.replace('_', "-")),
            name: setting.name,
            label: text("").unwrap_or_else(|| setting.name.to_string()),
            hint: if kept { t.channel_secret_kept().to_string() } else { text("-hint").unwrap_or_default() },
            error: error(t, errors, setting.name),
            input,
            value: value(setting.name).unwrap_or_else(|| setting.default.to_string()),
            options,
            // What else is required depends on what is filled in; the server says so.
            required: setting.required && matches!(setting.kind, SettingKind::Email | SettingKind::Url),
        }
    });
    // Who one is and where the server stands comes first; a short form is shown whole.
    let few = capabilities.settings.len() <= 3;
    let server = capabilities.settings.iter().position(|setting| setting.kind == SettingKind::Host).unwrap_or(0);
    let main = |field: &Field| {
        few || capabilities
            .settings
            .iter()
            .enumerate()
            .any(|(at, setting)| setting.name == field.name && (at <= server || setting.kind == SettingKind::Host))
    };
    all.partition(main)
}

fn error(t: Texts, errors: &[(String, Sentence)], field: &str) -> String {
    errors.iter().find(|(name, _)| name == field).map(|(_, why)| why.render(t)).unwrap_or_default()
}

/// The form for a contact form's own settings.
pub(super) struct FormView {
    settings: FormSettings,
    sites: String,
    mail_accounts: Vec<(Id<kinds::ChannelAccount>, String)>,
    title_error: String,
    intro_error: String,
    privacy_text_error: String,
    privacy_url_error: String,
    sites_error: String,
}

impl FormView {
    fn new(
        t: Texts,
        settings: FormSettings,
        mail_accounts: Vec<(Id<kinds::ChannelAccount>, String)>,
        errors: &[(String, Sentence)],
    ) -> Self {
        let error = |field: &str| error(t, errors, field);
        Self {
            sites: settings.sites.join("\n"),
            settings,
            mail_accounts,
            title_error: error("title"),
            intro_error: error("intro"),
            privacy_text_error: error("privacy_text"),
            privacy_url_error: error("privacy_url"),
            sites_error: error("sites"),
        }
    }
    fn is_chosen(&self, account: &Id<kinds::ChannelAccount>) -> bool {
        self.settings.mail_account == Some(*account)
    }
}

/// Names and values as they were sent; the same name may come several times.
pub(super) struct Sent(Vec<(String, String)>);

impl Sent {
    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().rev().find(|(given, _)| given == name).map(|(_, value)| value.as_str())
    }
    fn text(&self, name: &str) -> String {
        self.get(name).unwrap_or_default().to_string()
    }
    fn is_on(&self, name: &str) -> bool {
        self.get(name).is_some()
    }
    fn team(&self) -> Option<Id<kinds::Team>> {
        self.get("team").and_then(|id| id.parse().ok())
    }
    fn form_settings(&self) -> FormSettings {
        FormSettings {
            title: self.text("title"),
            intro: self.text("intro"),
            privacy_text: self.text("privacy_text"),
            privacy_url: self.text("privacy_url"),
            ask_subject: self.is_on("ask_subject"),
            ask_phone: self.is_on("ask_phone"),
            sites: self.text("sites").lines().map(ToString::to_string).collect(),
            language: self.text("language"),
            confirmation: self.is_on("confirmation"),
            mail_account: self.get("mail_account").and_then(|id| id.parse().ok()),
        }
    }
}

/// What a form can answer with beside its fields; anything else is a fault.
fn field_errors(error: domain::Error) -> Result<Vec<(String, Sentence)>, Fault> {
    match error {
        domain::Error::InvalidFields(fields) => Ok(fields),
        domain::Error::Invalid { field, why } => Ok(vec![(field.to_string(), why)]),
        error => Err(Fault(error)),
    }
}

async fn teams(visit: &Visit) -> Result<Vec<(Id<kinds::Team>, String)>, Fault> {
    let mut conn = visit.read().await?;
    Ok(sources::teams(&mut conn, visit.seat.ws()).await?)
}
