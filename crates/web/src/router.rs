//! Every route, with what it needs. The test over all routes × roles × workspaces walks this table.

use std::sync::Arc;

use axum::Router;
use axum::routing::{MethodRouter, get, post};
use domain::App;
use domain::accounts::Permission::{self, *};
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, NotForContentType, Predicate};

use crate::{assets, drain, error, guard, live, ops, pages};

/// What a request must have before its handler sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Anybody. Cookies are read (a signed-in visitor keeps their language), unsafe methods are checked for CSRF.
    Anyone,
    /// Machines and strangers: exempt from CSRF checks, and therefore blind to cookies.
    NoCookies,
    /// As `NoCookies`, and may stand in another site's frame.
    Framed,
    /// A signed-in person, in no workspace.
    Person,
    /// The installation's administrator.
    Installation,
    /// A member of the workspace in the path whose roles hold this permission.
    In(Permission),
}

pub struct Route {
    pub method: &'static str,
    pub path: &'static str,
    pub need: Need,
    handler: MethodRouter<Site>,
}

/// What handlers share.
#[derive(Clone)]
pub struct Site {
    pub app: App,
    pub trust: Arc<Trust>,
}

/// What the wiring decides about HTTP.
#[derive(Debug, Clone, Default)]
pub struct Trust {
    /// Whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed: addresses of the reverse proxy.
    pub proxies: Vec<std::net::IpAddr>,
    /// Cookies carry `Secure`: the public address is https.
    pub secure_cookies: bool,
    /// Whoever shows it may read the metrics; without one, only this machine.
    pub metrics_token: Option<String>,
}

macro_rules! routes { ($($method:ident $path:literal $need:expr => $handler:path;)*) => {
    vec![$(Route { method: stringify!($method), path: $path, need: $need, handler: $method($handler) }),*]
} }

/// The whole table.
pub fn table() -> Vec<Route> {
    use Need::{Anyone, Framed, In, Installation, NoCookies, Person};
    routes! {
        // Door
        get  "/"                                     Anyone => pages::door::home;
        get  "/assets/{version}/{*name}"             NoCookies => assets::serve;
        get  "/setup/{token}"                        Anyone => pages::door::setup::page;
        post "/setup/{token}"                        Anyone => pages::door::setup::submit;
        get  "/login"                                Anyone => pages::door::login::page;
        post "/login"                                Anyone => pages::door::login::submit;
        post "/logout"                               Person => pages::door::login::out;
        post "/language"                             Anyone => pages::door::language;
        get  "/invitation/{token}"                   Anyone => pages::door::invitation::page;
        post "/invitation/{token}"                   Anyone => pages::door::invitation::accept;
        get  "/reset"                                Anyone => pages::door::reset::page;
        post "/reset"                                Anyone => pages::door::reset::request;
        get  "/reset/{token}"                        Anyone => pages::door::reset::set_page;
        post "/reset/{token}"                        Anyone => pages::door::reset::set;
        get  "/workspaces/new"                       Installation => pages::settings::workspace::new;
        post "/workspaces/new"                       Installation => pages::settings::workspace::create;
        // Operation
        get  "/healthz"                              NoCookies => ops::healthz;
        get  "/readyz"                               NoCookies => ops::readyz;
        get  "/metrics"                              NoCookies => ops::metrics;
        // The person
        get  "/me"                                   Person => pages::me::page;
        post "/me"                                   Person => pages::me::save;
        post "/me/password"                          Person => pages::me::change_password;
        post "/me/sessions/{session}/revoke"         Person => pages::me::revoke;
        // Contact forms, seen by everybody
        get  "/form/{account}"                       NoCookies => pages::form::page;
        post "/form/{account}"                       NoCookies => pages::form::submit;
        get  "/form/{account}/embed"                 Framed => pages::form::embedded;
        post "/form/{account}/embed"                 Framed => pages::form::submit_embedded;
        // Settings: people and operation
        get  "/{workspace}/settings"                             In(MemberRead) => pages::settings::first;
        get  "/{workspace}/settings/members"                     In(MemberRead) => pages::settings::members::page;
        get  "/{workspace}/settings/members/new"                 In(MemberEdit) => pages::settings::members::invite;
        post "/{workspace}/settings/members/new"                 In(MemberEdit) => pages::settings::members::send_invitation;
        post "/{workspace}/settings/members/invitations/{invitation}/revoke" In(MemberEdit) => pages::settings::members::revoke;
        get  "/{workspace}/settings/members/{membership}"        In(MemberEdit) => pages::settings::members::edit;
        post "/{workspace}/settings/members/{membership}"        In(MemberEdit) => pages::settings::members::save;
        get  "/{workspace}/settings/members/{membership}/remove" In(MemberEdit) => pages::settings::members::ask_remove;
        post "/{workspace}/settings/members/{membership}/remove" In(MemberEdit) => pages::settings::members::remove;
        get  "/{workspace}/settings/teams"                       In(MemberRead) => pages::settings::teams::page;
        post "/{workspace}/settings/teams"                       In(MemberEdit) => pages::settings::teams::create;
        get  "/{workspace}/settings/teams/{team}"                In(MemberEdit) => pages::settings::teams::edit;
        post "/{workspace}/settings/teams/{team}"                In(MemberEdit) => pages::settings::teams::save;
        post "/{workspace}/settings/teams/{team}/delete"         In(MemberEdit) => pages::settings::teams::delete;
        get  "/{workspace}/settings/roles"                       In(MemberRead) => pages::settings::roles::page;
        get  "/{workspace}/settings/roles/new"                   In(MemberEdit) => pages::settings::roles::new;
        post "/{workspace}/settings/roles/new"                   In(MemberEdit) => pages::settings::roles::create;
        get  "/{workspace}/settings/roles/{role}"                In(MemberEdit) => pages::settings::roles::edit;
        post "/{workspace}/settings/roles/{role}"                In(MemberEdit) => pages::settings::roles::save;
        post "/{workspace}/settings/roles/{role}/delete"         In(MemberEdit) => pages::settings::roles::delete;
        get  "/{workspace}/settings/workspace"                   In(WorkspaceEdit) => pages::settings::workspace::page;
        post "/{workspace}/settings/workspace"                   In(WorkspaceEdit) => pages::settings::workspace::save;
        get  "/{workspace}/settings/audit"                       In(AuditRead) => pages::settings::audit::page;
        get  "/{workspace}/settings/jobs"                        In(JobAdmin) => pages::settings::jobs::page;
        post "/{workspace}/settings/jobs/{job}/retry"            In(JobAdmin) => pages::settings::jobs::retry;
        post "/{workspace}/settings/jobs/{job}/discard"          In(JobAdmin) => pages::settings::jobs::discard;
        // Settings: channel accounts
        get  "/{workspace}/settings/channels"                    In(ChannelRead) => pages::settings::channels::page;
        get  "/{workspace}/settings/channels/new"                In(ChannelEdit) => pages::settings::channels::connect::choose;
        get  "/{workspace}/settings/channels/new/{channel}"      In(ChannelEdit) => pages::settings::channels::connect::page;
        post "/{workspace}/settings/channels/new/{channel}"      In(ChannelEdit) => pages::settings::channels::connect::submit;
        get  "/{workspace}/settings/channels/{account}"          In(ChannelRead) => pages::settings::channels::account::page;
        post "/{workspace}/settings/channels/{account}"          In(ChannelEdit) => pages::settings::channels::account::save;
        post "/{workspace}/settings/channels/{account}/test"     In(ChannelEdit) => pages::settings::channels::account::test;
        post "/{workspace}/settings/channels/{account}/pause"    In(ChannelEdit) => pages::settings::channels::account::pause;
        post "/{workspace}/settings/channels/{account}/resume"   In(ChannelEdit) => pages::settings::channels::account::resume;
        get  "/{workspace}/settings/channels/{account}/remove"   In(ChannelEdit) => pages::settings::channels::account::ask_remove;
        post "/{workspace}/settings/channels/{account}/remove"   In(ChannelEdit) => pages::settings::channels::account::remove;
        // Contact forms that were set apart
        get  "/{workspace}/settings/suspicious"                  In(InboxRead) => pages::settings::suspicious::page;
        post "/{workspace}/settings/suspicious/{suspect}/release" In(InboxOrganise) => pages::settings::suspicious::release;
        post "/{workspace}/settings/suspicious/{suspect}/delete" In(InboxOrganise) => pages::settings::suspicious::delete;
        // Inbox
        get  "/{workspace}/inbox"                                In(InboxRead) => pages::inbox::page;
        get  "/{workspace}/inbox/{conversation}"                 In(InboxRead) => pages::inbox::open;
        post "/{workspace}/inbox/{conversation}/reply"           In(InboxAnswer) => pages::inbox::compose::send;
        post "/{workspace}/inbox/{conversation}/note"            In(InboxNote) => pages::inbox::compose::note;
        post "/{workspace}/inbox/{conversation}/draft"           In(InboxNote) => pages::inbox::compose::draft;
        post "/{workspace}/inbox/{conversation}/presence"        In(InboxRead) => pages::inbox::compose::presence;
        post "/{workspace}/inbox/{conversation}/claim"           In(InboxOrganise) => pages::inbox::organise::claim;
        post "/{workspace}/inbox/{conversation}/assign"          In(InboxOrganise) => pages::inbox::organise::assign;
        post "/{workspace}/inbox/{conversation}/status"          In(InboxOrganise) => pages::inbox::organise::status;
        post "/{workspace}/inbox/{conversation}/priority"        In(InboxOrganise) => pages::inbox::organise::priority;
        post "/{workspace}/inbox/{conversation}/label"           In(InboxOrganise) => pages::inbox::organise::label;
        post "/{workspace}/inbox/{conversation}/unlabel"         In(InboxOrganise) => pages::inbox::organise::unlabel;
        post "/{workspace}/inbox/{conversation}/snooze"          In(InboxOrganise) => pages::inbox::organise::snooze;
        post "/{workspace}/undo"                                 In(InboxOrganise) => pages::inbox::organise::undo_newest;
        post "/{workspace}/undo/{event}"                         In(InboxOrganise) => pages::inbox::organise::undo;
        post "/{workspace}/messages/{message}/take-back"         In(InboxAnswer) => pages::inbox::messages::take_back;
        post "/{workspace}/messages/{message}/resend"            In(InboxAnswer) => pages::inbox::messages::resend;
        post "/{workspace}/messages/{message}/confirm"           In(InboxAnswer) => pages::inbox::messages::confirm;
        get  "/{workspace}/files/{attachment}"                   In(InboxRead) => pages::inbox::messages::file;
        get  "/{workspace}/mentions"                             In(InboxRead) => pages::inbox::mentions::page;
        post "/{workspace}/mentions/seen"                        In(InboxRead) => pages::inbox::mentions::all_seen;
        get  "/{workspace}/log"                                  In(InboxLog) => pages::inbox::log::page;
        post "/{workspace}/log"                                  In(InboxLog) => pages::inbox::log::add;
        get  "/{workspace}/search"                               In(InboxRead) => pages::inbox::search::page;
        // Listening
        get  "/{workspace}/listen"                               In(ListenRead) => pages::listen::page;
        get  "/{workspace}/listen/new"                           In(WatchEdit) => pages::listen::editor::new;
        post "/{workspace}/listen/new"                           In(WatchEdit) => pages::listen::editor::create;
        post "/{workspace}/listen/preview"                       In(WatchEdit) => pages::listen::editor::trial;
        get  "/{workspace}/listen/archive"                       In(ListenRead) => pages::listen::archive::page;
        get  "/{workspace}/listen/posts/{post}"                  In(ListenRead) => pages::listen::post::page;
        post "/{workspace}/listen/hits/{hit}/conversation"       In(HitConvert) => pages::listen::hits::converse;
        get  "/{workspace}/listen/{watch}"                       In(ListenRead) => pages::listen::hits::page;
        get  "/{workspace}/listen/{watch}/edit"                  In(WatchEdit) => pages::listen::editor::edit;
        post "/{workspace}/listen/{watch}/edit"                  In(WatchEdit) => pages::listen::editor::save;
        post "/{workspace}/listen/{watch}/archive"               In(WatchEdit) => pages::listen::editor::archive;
        post "/{workspace}/listen/{watch}/resume"                In(WatchEdit) => pages::listen::editor::resume;
        post "/{workspace}/listen/{watch}/backfill"              In(WatchEdit) => pages::listen::hits::start;
        // Customers
        get  "/{workspace}/customers"                            In(ContactRead) => pages::customers::page;
        get  "/{workspace}/customers/new"                        In(ContactEdit) => pages::customers::edit::new;
        post "/{workspace}/customers/new"                        In(ContactEdit) => pages::customers::edit::create;
        get  "/{workspace}/customers/contacts/{contact}"         In(ContactRead) => pages::customers::contact::page;
        get  "/{workspace}/customers/contacts/{contact}/edit"    In(ContactEdit) => pages::customers::edit::edit;
        post "/{workspace}/customers/contacts/{contact}/edit"    In(ContactEdit) => pages::customers::edit::save;
        post "/{workspace}/customers/contacts/{contact}/addresses" In(ContactEdit) => pages::customers::edit::add_address;
        post "/{workspace}/customers/contacts/{contact}/addresses/{address}/remove" In(ContactEdit) => pages::customers::edit::remove_address;
        get  "/{workspace}/customers/profiles"                   In(ListenRead) => pages::customers::profiles::list;
        get  "/{workspace}/customers/profiles/{profile}"         In(ListenRead) => pages::customers::profiles::page;
        post "/{workspace}/customers/link"                       In(ProfileLink) => pages::customers::links::link;
        post "/{workspace}/customers/links/{link}/close"         In(ProfileLink) => pages::customers::links::close;
        // Live, keys
        get  "/{workspace}/keys"                     In(InboxRead) => pages::keys::page;
        get  "/{workspace}/live"                     In(MemberRead) => live::stream;
        get  "/{workspace}"                          In(MemberRead) => pages::door::workspace;
    }
}

/// What only the demo process has.
pub fn demo_table() -> Vec<Route> {
    use Need::Anyone;
    routes! {
        get  "/demo"         Anyone => pages::demo::page;
        post "/demo/{user}"  Anyone => pages::demo::enter;
    }
}

/// The application over HTTP.
pub fn router(site: Site) -> Router {
    let mut router = Router::new();
    let demo = if site.app.config.demo { demo_table() } else { Vec::new() };
    for route in table().into_iter().chain(demo) {
        let guarded = route.handler.layer(axum::middleware::from_fn_with_state((site.clone(), route.need), guard::guard));
        router = router.route(route.path, guarded);
    }
    router
        .fallback(error::not_found)
        .layer(axum::middleware::from_fn_with_state(site.clone(), error::render))
        .layer(axum::middleware::from_fn(drain::drain))
        .layer(tower_http::catch_panic::CatchPanicLayer::custom(error::panicked))
        .layer(axum::middleware::from_fn(guard::headers))
        // Event streams must not wait for a compressor's buffer.
        // Pages are made anew each time: the first level takes most of the gain for a third of the work.
        .layer(
            CompressionLayer::new()
                .quality(CompressionLevel::Fastest)
                .compress_when(DefaultPredicate::new().and(NotForContentType::new("text/event-stream"))),
        )
        .layer(axum::middleware::from_fn_with_state(site.clone(), ops::observe))
        .with_state(site)
}
