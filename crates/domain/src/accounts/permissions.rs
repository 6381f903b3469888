//! The one permission table: it makes the checks, the role screen and the handbook's list.

use serde::{Deserialize, Serialize};

macro_rules! permissions { ($($(#[doc = $doc:literal])* $name:ident = $text:literal [$($role:ident)*]),* $(,)?) => {
    /// One right. Routes name theirs in `web/router.rs`.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
    pub enum Permission { $($(#[doc = $doc])* $name),* }

    impl Permission {
        pub const ALL: &'static [Permission] = &[$(Permission::$name),*];
        /// Stored in roles, shown through the text `permission-<name>` (dots as hyphens).
        pub const fn name(self) -> &'static str { match self { $(Permission::$name => $text),* } }
        /// The built-in roles that hold it.
        pub const fn roles(self) -> &'static [BuiltinRole] { match self { $(Permission::$name => &[$(BuiltinRole::$role),*]),* } }
    }
} }

permissions! {
    /// See conversations, messages, notes and files.
    InboxRead = "inbox.read" [Viewer Agent Editor Approver Admin Owner],
    /// Answer privately: mail, form.
    InboxAnswer = "inbox.answer" [Agent Editor Owner],
    /// Write internal notes.
    InboxNote = "inbox.note" [Agent Editor Approver Admin Owner],
    /// Claim, assign, hand over, status, priority, labels, snooze.
    InboxOrganise = "inbox.organise" [Agent Editor Admin Owner],
    /// Log a call, a letter, a visit.
    InboxLog = "inbox.log" [Agent Editor Owner],
    /// See posts, watches, hits and public profiles.
    ListenRead = "listen.read" [Viewer Agent Editor Approver Admin Owner],
    /// Make and change watches, start back-fills.
    WatchEdit = "watch.edit" [Editor Admin Owner],
    /// Make a conversation of a hit.
    HitConvert = "hit.convert" [Agent Editor Owner],
    /// See customers.
    ContactRead = "contact.read" [Viewer Agent Editor Approver Admin Owner],
    /// Add and change customers.
    ContactEdit = "contact.edit" [Agent Editor Admin Owner],
    /// Open and close the wall between a profile and a contact, with its ground.
    ProfileLink = "profile.link" [Agent Editor Owner],
    /// See channel accounts and their health.
    ChannelRead = "channel.read" [Editor Approver Admin Owner],
    /// Connect, change, pause, remove channel accounts.
    ChannelEdit = "channel.edit" [Admin Owner],
    /// See members, teams and roles.
    MemberRead = "member.read" [Viewer Agent Editor Approver Admin Owner],
    /// Invite, change roles, remove; teams.
    MemberEdit = "member.edit" [Admin Owner],
    /// Give and take the owner's role.
    OwnerEdit = "owner.edit" [Owner],
    /// Read the audit log.
    AuditRead = "audit.read" [Admin Owner],
    /// See background work, retry and discard what failed.
    JobAdmin = "job.admin" [Admin Owner],
    /// Change the workspace itself: name, language, time zone.
    WorkspaceEdit = "workspace.edit" [Admin Owner],
}

/// The roles every workspace starts with: sets of permissions, not a ladder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BuiltinRole {
    Viewer,
    Agent,
    Editor,
    Approver,
    Admin,
    Owner,
}

impl BuiltinRole {
    pub const ALL: [BuiltinRole; 6] = [Self::Viewer, Self::Agent, Self::Editor, Self::Approver, Self::Admin, Self::Owner];
    /// Stored, and shown through the text `role-<name>`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Agent => "agent",
            Self::Editor => "editor",
            Self::Approver => "approver",
            Self::Admin => "admin",
            Self::Owner => "owner",
        }
    }
    pub fn permissions(self) -> PermissionSet {
        Permission::ALL.iter().filter(|p| p.roles().contains(&self)).copied().collect()
    }
}

impl std::str::FromStr for BuiltinRole {
    type Err = ();
    fn from_str(name: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|role| role.name() == name).ok_or(())
    }
}

/// A set of permissions as a bit field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PermissionSet(u64);

impl PermissionSet {
    pub const fn contains(self, permission: Permission) -> bool {
        self.0 >> permission as u64 & 1 == 1
    }
    pub fn names(self) -> Vec<&'static str> {
        Permission::ALL.iter().filter(|p| self.contains(**p)).map(|p| p.name()).collect()
    }
    /// Names this release does not know (written by a newer one) grant nothing.
    pub fn from_names<S: AsRef<str>>(names: &[S]) -> Self {
        Permission::ALL.iter().filter(|p| names.iter().any(|n| n.as_ref() == p.name())).copied().collect()
    }
}

impl FromIterator<Permission> for PermissionSet {
    fn from_iter<I: IntoIterator<Item = Permission>>(permissions: I) -> Self {
        Self(permissions.into_iter().fold(0, |bits, p| bits | 1 << p as u64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_sets_and_the_owner_has_them_all() {
        assert_eq!(BuiltinRole::Owner.permissions().names().len(), Permission::ALL.len());
        assert!(BuiltinRole::Admin.permissions().contains(Permission::ChannelEdit));
        assert!(
            !BuiltinRole::Admin.permissions().contains(Permission::InboxAnswer),
            "an administrator keeps the house and does not speak for it"
        );
        assert!(!BuiltinRole::Viewer.permissions().contains(Permission::InboxNote));
        let set = PermissionSet::from_names(&["inbox.read", "from.the.future"]);
        assert_eq!(set.names(), ["inbox.read"]);
    }
}
