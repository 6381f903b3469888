//! One account: how it is, what it is called, how it is connected; pausing and removing it.

use askama::Template;
use axum::Form;
use domain::Error;
use domain::accounts::Permission;
use domain::sources::forms::{self, FormSettings};
use domain::sources::{self, Account, Change, health, suspects};
use http::StatusCode;
use i18n::{Sentence, Texts};
use model::{Id, Timestamp, kinds};

use super::{Field, FormView, SECTION, Sent, State, channel_name, field_errors, fields, state, teams};
use crate::error::{Reply, html, html_as, see};
use crate::pages::settings::suspicious::Shown;
use crate::{Page, Place, Visit};

type AccountId = Id<kinds::ChannelAccount>;

#[derive(Template)]
#[template(path = "settings/channels/account.html")]
struct AccountPage {
    t: Texts,
    page: Page,
    section: &'static str,
    account: Account,
    icon: &'static str,
    channel_name: String,
    state: State,
    since: Option<Timestamp>,
    next_at: Option<Timestamp>,
    may_edit: bool,
    name: String,
    name_error: String,
    team: Option<Id<kinds::Team>>,
    teams: Vec<(Id<kinds::Team>, String)>,
    main: Vec<Field>,
    more: Vec<Field>,
    more_open: bool,
    form: Option<FormView>,
    /// The public address of a contact form, and what to put into a website.
    link: String,
    embed: String,
    /// Mails to this account's address may be handed in.
    is_mailbox: bool,
    is_shared: bool,
    /// Mails come from several folders.
    has_folders: bool,
    suspects: Vec<Shown>,
    may_decide: bool,
    failed: String,
    wrong: bool,
}

async fn render(visit: &Visit, id: AccountId, sent: Option<&Sent>, errors: Vec<(String, Sentence)>, failed: String) -> Reply {
    let t = visit.t();
    let mut conn = visit.read().await?;
    let account = sources::one(&mut conn, &visit.seat, id).await?;
    let capabilities = channels::by_name(&account.channel).ok_or(Error::NotFound)?.capabilities();
    let is_form = account.channel == forms::CHANNEL;
    let (mut form, mut link, mut embed) = (None, String::new(), String::new());
    if is_form {
        let stored: FormSettings = serde_json::from_value(account.settings.0.clone()).unwrap_or_default();
        link = format!("{}/form/{id}", visit.app.config.public_url);
        if !stored.sites.is_empty() {
            let title = stored.title.replace('&', "&amp;").replace('"', "&quot;");
            embed = format!("<iframe src=\"{link}/embed\" title=\"{title}\" width=\"100%\" height=\"820\" loading=\"lazy\"></iframe>");
        }
        let mail_accounts = forms::mail_accounts(&mut conn, visit.seat.ws()).await?;
        form = Some(FormView::new(t, sent.map_or(stored, Sent::form_settings), mail_accounts, &errors));
    }
    let suspects = if is_form { suspects::list(&mut conn, &visit.seat, Some(id)).await? } else { Vec::new() };
    drop(conn);
    let value = |name: &str| Some(sent.map_or_else(|| sources::settings_of(&account, name), |sent| sent.text(name)));
    let (main, more) = fields(t, capabilities, value, |_| account.has_secret, &errors);
    let page = AccountPage {
        t,
        page: visit.page("settings").await?,
        section: SECTION,
        icon: capabilities.icon,
        channel_name: channel_name(t, &account.channel),
        state: state(t, &account),
        since: account
            .health
            .as_ref()
            .filter(|health| !account.is_paused() && health.0.level != sources::Level::Ok)
            .map(|health| health.0.since),
        next_at: account.next_at.filter(|_| account.is_polled()),
        may_edit: visit.seat.reaches(Permission::ChannelEdit, account.team_id, account.id),
        name: sent.map_or_else(|| account.name.clone(), |sent| sent.text("name")),
        name_error: super::error(t, &errors, "name"),
        team: sent.map_or(account.team_id, Sent::team),
        teams: teams(visit).await?,
        more_open: more.iter().any(|field| !field.error.is_empty()),
        main,
        more,
        form,
        link,
        embed,
        is_mailbox: !capabilities.public && !capabilities.settings.is_empty() && account.address.is_some(),
        is_shared: capabilities.public,
        has_folders: sources::settings_of(&account, "folders").contains(','),
        suspects: suspects.into_iter().map(|suspect| Shown::new(t, suspect)).collect(),
        may_decide: visit.seat.reaches(Permission::InboxOrganise, account.team_id, account.id),
        failed,
        wrong: !errors.is_empty(),
        account,
    };
    if page.wrong || !page.failed.is_empty() { html_as(StatusCode::UNPROCESSABLE_ENTITY, &page) } else { html(&page) }
}

/// `GET /{workspace}/settings/channels/{account}`
pub async fn page(visit: Visit, Place((_, id)): Place<(String, AccountId)>) -> Reply {
    render(&visit, id, None, Vec::new(), String::new()).await
}

/// `POST /{workspace}/settings/channels/{account}`
pub async fn save(visit: Visit, Place((_, id)): Place<(String, AccountId)>, Form(sent): Form<Vec<(String, String)>>) -> Reply {
    let sent = Sent(sent);
    match change(&visit, id, &sent).await {
        Ok(()) => see(visit.path(format!("settings/channels/{id}?said=said-channel-saved"))),
        Err(error) => render(&visit, id, Some(&sent), field_errors(error)?, String::new()).await,
    }
}

async fn change(visit: &Visit, id: AccountId, sent: &Sent) -> Result<(), Error> {
    let account = sources::one(&mut *visit.read().await?, &visit.seat, id).await?;
    let own = if account.channel == forms::CHANNEL { Some(serde_json::to_value(sent.form_settings().checked()?)?) } else { None };
    let change = Change { name: sent.text("name"), team: sent.team(), values: account.source_id.map(|_| sent.0.clone()), own };
    sources::change(&visit.app, &visit.seat, id, change).await
}

/// `POST …/test`
pub async fn test(visit: Visit, Place((_, id)): Place<(String, AccountId)>) -> Reply {
    match sources::test_account(&visit.app, &visit.seat, id).await {
        Ok(_) => see(visit.path(format!("settings/channels/{id}?said=said-channel-tested"))),
        Err(Error::Upstream(failure)) => render(&visit, id, None, Vec::new(), health::sentence(&failure).render(visit.t())).await,
        Err(error) => Err(error.into()),
    }
}

/// `POST …/pause`
pub async fn pause(visit: Visit, Place((_, id)): Place<(String, AccountId)>) -> Reply {
    sources::pause(&visit.app, &visit.seat, id).await?;
    see(visit.path(format!("settings/channels/{id}?said=said-channel-paused")))
}

/// `POST …/resume`
pub async fn resume(visit: Visit, Place((_, id)): Place<(String, AccountId)>) -> Reply {
    sources::resume(&visit.app, &visit.seat, id).await?;
    see(visit.path(format!("settings/channels/{id}?said=said-channel-resumed")))
}

#[derive(Template)]
#[template(path = "settings/channels/remove.html")]
struct RemovePage {
    t: Texts,
    page: Page,
    section: &'static str,
    account: Account,
}

/// `GET …/remove`: there is no way back, so it is asked once.
pub async fn ask_remove(visit: Visit, Place((_, id)): Place<(String, AccountId)>) -> Reply {
    let account = sources::one(&mut *visit.read().await?, &visit.seat, id).await?;
    html(&RemovePage { t: visit.t(), page: visit.page("settings").await?, section: SECTION, account })
}

/// `POST …/remove`
pub async fn remove(visit: Visit, Place((_, id)): Place<(String, AccountId)>) -> Reply {
    sources::remove(&visit.app, &visit.seat, id).await?;
    see(visit.path("settings/channels?said=said-channel-removed"))
}
