//! Roles: who may do what, as a table, and the workspace's own roles.

use askama::Template;
use axum_extra::extract::Form;
use domain::Error;
use domain::accounts::roles::{self, Role};
use domain::accounts::{Permission, PermissionSet};
use http::StatusCode;
use i18n::Texts;
use model::{Id, kinds};
use serde::Deserialize;

use super::{permission_text, role_text};
use crate::error::{Fault, Reply, html, html_as, see};
use crate::{Page, Place, Visit};

const SECTION: &str = "roles";

#[derive(Template)]
#[template(path = "settings/roles.html")]
struct RolesPage {
    t: Texts,
    page: Page,
    section: &'static str,
    roles: Vec<Role>,
    permissions: &'static [Permission],
    has_own: bool,
    may_edit: bool,
}

impl RolesPage {
    fn role_name(&self, role: &Role) -> String {
        role_text(self.t, &role.name, role.builtin.as_deref())
    }
    fn permission(&self, permission: &Permission, suffix: &str) -> String {
        permission_text(self.t, *permission, suffix)
    }
}

/// `GET /{workspace}/settings/roles`
pub async fn page(visit: Visit) -> Reply {
    let roles = roles::list(&mut *visit.read().await?, visit.seat.ws()).await?;
    let has_own = roles.iter().any(|role| role.builtin.is_none());
    let may_edit = visit.seat.can_everywhere(Permission::MemberEdit);
    html(&RolesPage {
        t: visit.t(),
        page: visit.page("settings").await?,
        section: SECTION,
        roles,
        permissions: Permission::ALL,
        has_own,
        may_edit,
    })
}

#[derive(Template)]
#[template(path = "settings/role.html")]
struct RolePage {
    t: Texts,
    page: Page,
    section: &'static str,
    role: Option<Role>,
    action: String,
    name: String,
    permissions: Vec<Permission>,
    chosen: PermissionSet,
    field: &'static str,
    error: String,
}

impl RolePage {
    async fn new(visit: &Visit, role: Option<Role>, form: RoleForm) -> Result<Self, Fault> {
        let action = match &role {
            Some(role) => visit.path(format!("settings/roles/{}", role.id)),
            None => visit.path("settings/roles/new"),
        };
        Ok(Self {
            t: visit.t(),
            page: visit.page("settings").await?,
            section: SECTION,
            role,
            action,
            name: form.name,
            // The owner's right stays with the owner's role.
            permissions: Permission::ALL.iter().copied().filter(|p| *p != Permission::OwnerEdit).collect(),
            chosen: PermissionSet::from_names(&form.permission),
            field: "",
            error: String::new(),
        })
    }
    fn permission(&self, permission: &Permission, suffix: &str) -> String {
        permission_text(self.t, *permission, suffix)
    }
    fn is_chosen(&self, permission: &Permission) -> bool {
        self.chosen.contains(*permission)
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct RoleForm {
    name: String,
    permission: Vec<String>,
}

/// `GET /{workspace}/settings/roles/new`
pub async fn new(visit: Visit) -> Reply {
    html(&RolePage::new(&visit, None, RoleForm::default()).await?)
}

/// `POST /{workspace}/settings/roles/new`
pub async fn create(visit: Visit, Form(form): Form<RoleForm>) -> Reply {
    match roles::create(&visit.app, &visit.seat, &form.name, &form.permission).await {
        Ok(_) => see(visit.path("settings/roles?said=said-role-saved")),
        Err(error) => again(&visit, None, form, error).await,
    }
}

/// `GET /{workspace}/settings/roles/{role}`
pub async fn edit(visit: Visit, Place((_, id)): Place<(String, Id<kinds::Role>)>) -> Reply {
    let role = roles::own(&mut *visit.read().await?, visit.seat.ws(), id).await?;
    let form = RoleForm { name: role.name.clone(), permission: role.permissions.0.clone() };
    html(&RolePage::new(&visit, Some(role), form).await?)
}

/// `POST /{workspace}/settings/roles/{role}`
pub async fn save(visit: Visit, Place((_, id)): Place<(String, Id<kinds::Role>)>, Form(form): Form<RoleForm>) -> Reply {
    match roles::save(&visit.app, &visit.seat, id, &form.name, &form.permission).await {
        Ok(()) => see(visit.path("settings/roles?said=said-role-saved")),
        Err(error) => {
            let role = roles::own(&mut *visit.read().await?, visit.seat.ws(), id).await?;
            again(&visit, Some(role), form, error).await
        }
    }
}

/// The form once more, with what is wrong beside its field.
async fn again(visit: &Visit, role: Option<Role>, form: RoleForm, error: Error) -> Reply {
    let Error::Invalid { field, why } = error else { return Err(Fault(error)) };
    let page = RolePage { field, error: why.render(visit.t()), ..RolePage::new(visit, role, form).await? };
    html_as(StatusCode::UNPROCESSABLE_ENTITY, &page)
}

/// `POST /{workspace}/settings/roles/{role}/delete`
pub async fn delete(visit: Visit, Place((_, id)): Place<(String, Id<kinds::Role>)>) -> Reply {
    roles::delete(&visit.app, &visit.seat, id).await?;
    see(visit.path("settings/roles?said=said-role-deleted"))
}
