//! Who may sit at the counter: users, workspaces, memberships, roles, sessions, the links that let people in.

mod access;
pub mod first_run;
mod links;
pub mod passwords;
mod permissions;
pub mod sessions;
pub mod users;
pub mod workspaces;

pub use access::{Grant, Person, Scope, Seat, WorkspaceInfo, seat};
pub use links::LinkKind;
pub use permissions::{BuiltinRole, Permission, PermissionSet};
