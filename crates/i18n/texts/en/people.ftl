### The people of a workspace, settings, audit log, background work, invitations and new passwords

## Mails
mail-invitation-subject = Invitation to { $workspace }
mail-invitation-text =
    Hello,

    { $name } invites you to work at the counter of { $workspace }.

    Follow this link to accept the invitation:
    { $url }

    The link works for { $days } days and only for you. If you did not expect this invitation, you need not do anything.
mail-reset-subject = New password for Tresen
mail-reset-text =
    Hello { $name },

    somebody has asked for a new password for this address. If it was you, set it here:
    { $url }

    The link works for { $hours } hours and only once. If it was not you, you need not do anything: your password stays as it is.

## Accepting an invitation
invitation-title = Invitation to { $workspace }
invitation-lead-new = You are invited as { $email }. With a name and a password you are in.
invitation-lead-known = There is already an account for { $email }. The new workspace is added to it.
invitation-sign-in = Sign in and accept
invitation-accept = Accept
invitation-submit = Join
error-invitation-other = This invitation is for another address than the one you are signed in with. Please sign in with the invited address.
error-invitation-roles-gone = The roles of this invitation no longer exist. Please ask to be invited again.

## Password
reset-title = New password
reset-lead = Enter your address. If it is known here, you will receive a link to set a new password.
reset-submit = Request a link
reset-sent-title = Please look into your mailbox
reset-sent = If { $email } is known here, an email is on its way. It usually arrives within a minute; its link works for two hours.
reset-sent-hint = If nothing arrives, ask the person who runs this program: they can give you a link.
reset-back = Back to sign-in
reset-set-lead = Afterwards you will be signed out on all other devices.
reset-set-submit = Set password
field-new-password = New password
me-password = Change password
me-password-hint = You will be signed out on all other devices afterwards.
me-old-password = Current password
me-password-changed = The password is changed. You are signed out on all other devices.
error-old-password = This is not your current password.

## Settings
settings-title = Settings
settings-group-work = Work
settings-group-operation = Operation
settings-channels = Channels and accounts
settings-members = Members
settings-teams = Teams
settings-roles = Roles
settings-workspace = Workspace
settings-audit = Audit log
settings-jobs = Background work
settings-switch = Switch workspace, now { $name }
settings-new-workspace = Add another workspace

## Members
members-lead = { $members ->
    [one] One person works here.
   *[other] { $members } people work here.
}
members-invite = Invite
members-invite-title = Invite somebody
members-invite-lead = The person receives a link that works for seven days. Anyone who already has an account here just signs in to join.
members-invite-submit = Send invitation
members-roles = Roles
members-since = Member since
members-owner-hint = Ownership cannot be limited to teams or accounts.
members-everywhere = in the whole workspace
members-limited = Limit to teams or accounts
members-limit-team = Team { $name }
members-limit-account = Account { $name }
members-no-roles = no role
members-disabled = disabled
members-you = you
members-edit-title = Roles of { $name }
members-remove = Remove
members-remove-title = Remove { $name }
members-remove-lead = The person no longer sees this workspace then. What they wrote stays. Their drafts are deleted.
members-remove-submit = Remove for good
members-pending = Open invitations
members-expires = Works until
members-revoke = Take back
members-link-title = The invitation is ready
members-link-lead = This program sends no email. Give { $email } this link; it is shown only now and works for seven days.
members-link = Link
members-link-done = To the members
members-remove-open = { $conversations ->
    [zero] No open conversation is affected.
    [one] One open conversation is nobody’s afterwards.
   *[other] { $conversations } open conversations are nobody’s afterwards.
}
error-no-role = Please choose at least one role.
error-owner-limited = An owner is not limited to teams or accounts.
error-last-owner = This is the last person who owns this workspace. First make somebody else an owner.

## Teams
teams-lead = Conversations and accounts belong to a team, and roles can be limited to one.
teams-empty = There is no team yet. Add one when not everybody should work on everything, for example service and sales.
teams-new = New team
teams-create = Add
teams-members = Members
teams-open = Open conversations
teams-nobody = nobody
teams-edit-title = Team { $name }
teams-delete = Delete team
teams-delete-hint = This works once nothing belongs to this team any more: no conversation, no account, no limited role.
error-team-name-taken = There is already a team of this name.
error-team-in-use = Conversations, accounts or limited roles still belong to this team. So it stays.

## Roles
role-viewer = Viewer
role-viewer-hint = Sees everything, changes nothing.
role-agent = Agent
role-agent-hint = Answers conversations and looks after customers.
role-editor = Editor
role-editor-hint = Answers and listens.
role-approver = Approver
role-approver-hint = Reads along and writes notes.
role-admin = Administrator
role-admin-hint = Looks after people, accounts and operation, does not answer.
role-owner = Owner
role-owner-hint = May do everything and passes ownership on.
role-own-hint = This workspace’s own role.
roles-lead = A role is a selection of permissions. Whoever holds several roles may do what any of them allows.
roles-right = Permission
roles-new = New role
roles-new-lead = Custom roles come on top of the built-in ones. Only owners can pass on ownership.
roles-edit-title = Role { $name }
roles-permissions = Permissions
roles-own = Custom roles
roles-own-empty = None yet. The built-in roles are usually enough.
roles-delete = Delete role
roles-delete-hint = This works while nobody holds the role.
roles-holders = { $members ->
    [zero] nobody
    [one] one person
   *[other] { $members } people
}
error-role-name-taken = There is already a role of this name.
error-role-builtin = The built-in roles are fixed. Add a role of your own.
error-role-empty = Please choose at least one permission.
error-role-owner-right = The right to pass ownership on belongs to the role “Owner” only.
error-role-in-use = { $members ->
    [one] One person still holds this role. First change their roles.
   *[other] { $members } people still hold this role. First change their roles.
}

## Permissions
permission-inbox-read = Read the inbox
permission-inbox-read-hint = See conversations, messages, notes and files.
permission-inbox-answer = Answer privately
permission-inbox-answer-hint = Answer emails and forms.
permission-inbox-note = Write notes
permission-inbox-note-hint = Internal notes that no customer sees.
permission-inbox-organise = Organise conversations
permission-inbox-organise-hint = Claim, assign, resolve, snooze, label.
permission-inbox-log = Log encounters
permission-inbox-log-hint = Record calls, letters and visits.
permission-listen-read = See listening
permission-listen-read-hint = See posts, watches, hits and public profiles.
permission-watch-edit = Change watches
permission-watch-edit-hint = Add and change watches, look through the archive.
permission-hit-convert = Turn hits into conversations
permission-hit-convert-hint = Bring a public post into the inbox.
permission-contact-read = See customers
permission-contact-read-hint = Contacts and their conversations.
permission-contact-edit = Change customers
permission-contact-edit-hint = Add and change contacts.
permission-profile-link = Link profiles
permission-profile-link-hint = Connect a public profile with a contact, only with a legal basis.
permission-channel-read = See accounts
permission-channel-read-hint = Channels, accounts and their condition.
permission-channel-edit = Change accounts
permission-channel-edit-hint = Connect, change, pause and remove accounts.
permission-member-read = See members
permission-member-read-hint = Members, teams and roles.
permission-member-edit = Change members
permission-member-edit-hint = Invite, give roles, remove, organise teams.
permission-owner-edit = Pass ownership on
permission-owner-edit-hint = Give and take the role “Owner”.
permission-audit-read = Read the audit log
permission-audit-read-hint = See who changed what and when.
permission-job-admin = Steer background work
permission-job-admin-hint = Retry or discard what failed.
permission-workspace-edit = Change the workspace
permission-workspace-edit-hint = Name, language and time zone.

## Workspace
workspace-lead = Language and time zone apply to everybody who has not chosen their own.
workspace-slug = Address
workspace-slug-hint = Cannot be changed, so that shared links keep working.
workspace-new-lead = Another brand or client, strictly apart from the others. You own the new workspace.

## Audit log
audit-lead = Who changed what, and when. Only ids are stored; names are looked up when this is shown.
audit-when = When
audit-who = Who
audit-what = What
audit-subject = On what
audit-area = Area
audit-all-areas = all areas
audit-everybody = everybody
audit-filter = Filter
audit-older = Show older
audit-empty = Nothing found. As soon as somebody changes something it appears here.
audit-program = the program
audit-somebody = somebody who is gone
audit-gone = gone, or not visible to you
audit-area-member = Members
audit-area-team = Teams
audit-area-role = Roles
audit-area-workspace = Workspace
audit-area-channel = Channels and accounts
audit-area-conversation = Conversations
audit-area-watch = Watches
audit-area-contact = Customers
audit-area-profile = Profiles
audit-area-job = Background work
audit-action-session-opened = signed in
audit-action-session-revoked = signed a device out
audit-action-password-link-made = a link for a new password was made
audit-action-password-reset = set a new password through a link
audit-action-password-changed = changed the password
audit-action-workspace-created = added the workspace
audit-action-workspace-changed = changed the workspace
audit-action-member-invited = invited somebody
audit-action-member-invitation-revoked = took an invitation back
audit-action-member-joined = accepted an invitation
audit-action-member-roles-changed = changed roles
audit-action-member-removed = removed a member
audit-action-team-created = added a team
audit-action-team-changed = changed a team
audit-action-team-deleted = deleted a team
audit-action-role-created = added a role
audit-action-role-changed = changed a role
audit-action-role-deleted = deleted a role
audit-action-channel-connected = connected an account
audit-action-channel-changed = changed an account
audit-action-channel-edited = changed an account
audit-action-channel-tested = tested an account
audit-action-channel-paused = paused an account
audit-action-channel-resumed = resumed an account
audit-action-channel-removed = removed an account
audit-action-job-retried = started a piece of work again
audit-action-job-discarded = discarded a piece of work

## Background work
jobs-lead = What the program does in the background: sending emails, delivering answers, looking through the archive.
jobs-all = all
jobs-state-ready = waiting
jobs-state-running = running
jobs-state-failed = failed
jobs-state-done = done
jobs-kind = Work
jobs-state = State
jobs-at = Time
jobs-retry = Try again
jobs-discard = Discard
jobs-discard-sure = Discard for good
jobs-empty = There is nothing here. What failed would stand here with its reason.
jobs-older = Show older
jobs-attempts = Attempt { $n } of { $most }
job-kind-system-mail = Email from the program
job-kind-deliver = Deliver an answer
job-kind-wake-snoozed = Bring back snoozed conversations
job-kind-clean-up = Clean up
job-failure-internal = Something went wrong in the program. Details are in its log on the server.
job-failure-database = The database did not answer.
job-failure-payload = The order could not be read; perhaps it was made by another version.
job-failure-mail-off = This program is not set up to send email.
job-failure-mail = The mail server did not take the email: { $detail }
job-failure-network = The network did not take it: { $detail }
job-failure-unknown = Reason { $code }

## Short messages
said-invited = The invitation is on its way.
said-invitation-revoked = The invitation no longer works.
said-member-saved = The roles are saved.
said-member-removed = The person is no longer a member.
said-team-created = The team is added.
said-team-saved = The team is saved.
said-team-deleted = The team is deleted.
said-role-saved = The role is saved.
said-role-deleted = The role is deleted.
said-workspace-saved = The workspace is saved.
said-job-retried = The work is tried again.
said-job-discarded = The work is discarded.
said-joined = Welcome. You are a member now.
