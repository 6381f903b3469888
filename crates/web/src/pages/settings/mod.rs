//! Settings: people and operation. The shell with its navigation is `templates/settings/base.html`.

pub mod audit;
pub mod channels;
pub mod jobs;
pub mod members;
pub mod roles;
pub mod suspicious;
pub mod teams;
pub mod workspace;

use domain::accounts::Permission;

use crate::Visit;
use crate::error::{Reply, see};

/// `GET /{workspace}/settings`: the first page this seat may see.
pub async fn first(visit: Visit) -> Reply {
    let page = if visit.seat.can(Permission::ChannelRead) { "channels" } else { "members" };
    see(visit.path(format!("settings/{page}")))
}

/// What a permission is called (`suffix` empty) or does (`-hint`).
pub(crate) fn permission_text(t: i18n::Texts, permission: Permission, suffix: &str) -> String {
    let key = format!("permission-{}{suffix}", permission.name().replace('.', "-"));
    t.by_key(&key, &[]).unwrap_or_else(|| permission.name().to_string())
}

/// A role's name: built-in ones have a text, own ones are called what they were named.
fn role_text(t: i18n::Texts, name: &str, builtin: Option<&str>) -> String {
    builtin.and_then(|builtin| t.by_key(&format!("role-{builtin}"), &[])).unwrap_or_else(|| name.to_string())
}
