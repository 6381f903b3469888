//! Who may sit at the counter: users, workspaces, memberships, roles, sessions, the links that let people in.

mod access;
pub mod demo;
pub mod first_run;
pub mod invitations;
mod links;
pub mod members;
pub mod passwords;
mod permissions;
pub mod resets;
pub mod roles;
pub mod sessions;
pub mod teams;
pub mod users;
pub mod workspaces;

pub use access::{Grant, Person, Scope, Seat, WorkspaceInfo, seat};
pub use links::LinkKind;
pub use permissions::{BuiltinRole, Permission, PermissionSet};
