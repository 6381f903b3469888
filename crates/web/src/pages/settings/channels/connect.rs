//! Connecting an account: choose a channel, fill in its form, have it checked.

use askama::Template;
use axum::Form;
use channels::Capabilities;
use domain::Error;
use domain::sources::forms::{self, FormSettings};
use domain::sources::{self, NewAccount, health};
use http::StatusCode;
use i18n::{Sentence, Texts};
use model::{Id, kinds};

use super::{Field, FormView, SECTION, Sent, channel_name, field_errors, fields, teams};
use crate::error::{Fault, Reply, html, html_as, see};
use crate::{Page, Place, Visit};

#[derive(Template)]
#[template(path = "settings/channels/choose.html")]
struct ChoosePage {
    t: Texts,
    page: Page,
    section: &'static str,
    /// Technical name, symbol, name, what it is.
    channels: Vec<(&'static str, &'static str, String, String)>,
}

/// `GET /{workspace}/settings/channels/new`
pub async fn choose(visit: Visit) -> Reply {
    let t = visit.t();
    let about = |name: &str| t.by_key(&format!("channel-{name}-about"), &[]).unwrap_or_default();
    let channels = channels::registry()
        .iter()
        .map(|channel| channel.capabilities())
        .map(|c| (c.name, c.icon, channel_name(t, c.name), about(c.name)))
        .collect();
    html(&ChoosePage { t, page: visit.page("settings").await?, section: SECTION, channels })
}

#[derive(Template)]
#[template(path = "settings/channels/connect.html")]
struct ConnectPage {
    t: Texts,
    page: Page,
    section: &'static str,
    channel: &'static Capabilities,
    channel_name: String,
    about: String,
    name: String,
    name_error: String,
    team: Option<Id<kinds::Team>>,
    teams: Vec<(Id<kinds::Team>, String)>,
    main: Vec<Field>,
    more: Vec<Field>,
    more_open: bool,
    form: Option<FormView>,
    /// Sealed secrets of the attempt before.
    kept: String,
    /// Why the test failed.
    failed: String,
    wrong: bool,
}

fn capabilities(channel: &str) -> Result<&'static Capabilities, Fault> {
    Ok(channels::by_name(channel).ok_or(Error::NotFound)?.capabilities())
}

async fn render(
    visit: &Visit,
    channel: &'static Capabilities,
    sent: &Sent,
    kept: String,
    errors: Vec<(String, Sentence)>,
    failed: String,
) -> Reply {
    let t = visit.t();
    let mut settings = sent.form_settings();
    if sent.0.is_empty() {
        settings = FormSettings { ask_subject: true, confirmation: true, ..FormSettings::default() };
    }
    let form = if channel.name == forms::CHANNEL {
        let mail_accounts = forms::mail_accounts(&mut *visit.read().await?, visit.seat.ws()).await?;
        if sent.0.is_empty() {
            settings.mail_account = mail_accounts.first().map(|(id, _)| *id);
        }
        Some(FormView::new(t, settings, mail_accounts, &errors))
    } else {
        None
    };
    // A flag that was sent unticked is not sent at all.
    let value = |name: &str| if sent.0.is_empty() { None } else { Some(sent.text(name)) };
    let (main, more) = fields(t, channel, value, |_| !kept.is_empty(), &errors);
    let page = ConnectPage {
        t,
        page: visit.page("settings").await?,
        section: SECTION,
        channel,
        channel_name: channel_name(t, channel.name),
        about: t.by_key(&format!("channel-{}-about", channel.name), &[]).unwrap_or_default(),
        name: sent.text("name"),
        name_error: super::error(t, &errors, "name"),
        team: sent.team(),
        teams: teams(visit).await?,
        more_open: more.iter().any(|field| !field.error.is_empty()),
        main,
        more,
        form,
        kept,
        failed,
        wrong: !errors.is_empty(),
    };
    if page.wrong || !page.failed.is_empty() { html_as(StatusCode::UNPROCESSABLE_ENTITY, &page) } else { html(&page) }
}

/// `GET /{workspace}/settings/channels/new/{channel}`
pub async fn page(visit: Visit, Place((_, channel)): Place<(String, String)>) -> Reply {
    let channel = capabilities(&channel)?;
    render(&visit, channel, &Sent(Vec::new()), String::new(), Vec::new(), String::new()).await
}

/// `POST /{workspace}/settings/channels/new/{channel}`: checks, tries, connects. With `step=anyway` it is not tried.
pub async fn submit(visit: Visit, Place((_, channel)): Place<(String, String)>, Form(sent): Form<Vec<(String, String)>>) -> Reply {
    let channel = capabilities(&channel)?;
    let sent = Sent(sent);
    match connect(&visit, channel, &sent).await {
        Ok(id) => see(visit.path(format!("settings/channels/{id}?said=said-channel-connected"))),
        Err(error) => {
            let kept = sources::keep_secret(&visit.app, &visit.seat, channel.name, &sent.0, &sent.text("kept"))?;
            match error {
                Error::Upstream(failure) => {
                    render(&visit, channel, &sent, kept, Vec::new(), health::sentence(&failure).render(visit.t())).await
                }
                error => render(&visit, channel, &sent, kept, field_errors(error)?, String::new()).await,
            }
        }
    }
}

async fn connect(visit: &Visit, channel: &'static Capabilities, sent: &Sent) -> Result<Id<kinds::ChannelAccount>, Error> {
    let own = if channel.name == forms::CHANNEL { serde_json::to_value(sent.form_settings().checked()?)? } else { serde_json::Value::Null };
    let really = sent.get("step") != Some("anyway");
    let (found, values) = sources::test_new(&visit.app, &visit.seat, channel.name, &sent.0, &sent.text("kept"), really).await?;
    let mut name = sent.text("name");
    if name.trim().is_empty() {
        // What a public source calls itself is the better name; a form is called by its heading.
        name = if channel.name == forms::CHANNEL {
            sent.text("title")
        } else if channel.public {
            found.chars().take(120).collect()
        } else {
            String::new()
        };
    }
    if name.trim().is_empty() && channel.settings.is_empty() {
        name = channel_name(visit.t(), channel.name);
    }
    let new = NewAccount { channel: channel.name.into(), name, team: sent.team(), values, own };
    sources::connect(&visit.app, &visit.seat, new).await
}
