### Signing in, setting up, one's own settings, error pages

layout-skip = Skip to content
rail-label = Areas
rail-inbox = Inbox
rail-mentions = Mentions
rail-listen = Listen
rail-customers = Customers
rail-settings = Settings
rail-commands = Commands
rail-help = Help and keys
rail-me = { $name }, your settings
key-ctrl = Ctrl
demo-mark = Example company. Nothing leaves this machine.
common-actions = Actions

field-name = Name
field-email = Email
field-password = Password
field-password-hint = At least 12 characters. A sentence is better than a short word with special characters.
field-locale = Language
field-time-zone = Time zone

locale-de-de = German (Germany)
locale-de-at = German (Austria)
locale-de-ch = German (Switzerland)
locale-en = English

login-title = Sign in
login-submit = Sign in
login-forgot = Forgotten?

setup-title = Welcome to the counter
setup-lead = You are the first person here. Everything can be changed later, and what you enter stays on your server.
setup-workspace = Name of the company or brand
setup-workspace-hint = This is what your workspace is called. You can add more brands later.
setup-submit = Set up

me-title = Your settings
me-saved = Saved.
me-sign-out = Sign out
me-zone-of-workspace = same as the workspace
me-theme = Appearance
me-theme-system = same as the system
me-theme-light = light
me-theme-dark = dark
me-theme-contrast = high contrast
me-shortcuts = Single-key shortcuts
me-shortcuts-hint = Better switched off if you use speech input.
me-next = Open the next conversation after answering
me-next-hint = Otherwise the answered conversation stays open.
me-workspaces = Your workspaces
me-sessions = Where you are signed in
me-sessions-hint = If you do not recognise a device, sign it out and change your password.
me-device = Device
me-last-seen = Last seen
me-this-device = this device
me-revoke = Sign out

error-email = This is not a complete email address, such as name@company.com.
error-name = Please enter a name of at most 120 characters.
error-password-length = The password needs at least 12 characters.
error-sign-in = Email and password do not match.
error-sign-in-wait = { $minutes ->
    [one] Too many attempts. Please wait one minute.
   *[other] Too many attempts. Please wait { $minutes } minutes.
}
error-email-taken = Somebody with this address is already here.
error-choice = This choice does not exist.
error-time-zone = This time zone does not exist. A name like Europe/Berlin is meant.
error-slug = Only lower-case letters, digits and hyphens, at most 40 characters.
error-slug-taken = There is already a workspace of this name.
error-already-member = This person is already a member.
error-csrf = This request did not come from a page of this program. Please reload the page and try again.

fault-not-found = There is nothing here
fault-not-found-detail = This page does not exist, or it is not among what you may see. Perhaps the link was old or already used.
fault-invalid = Not quite right yet
fault-forbidden = You may not do this here
fault-forbidden-detail = You lack the permission “{ $permission }” for this. These roles have it: { $roles }. Whoever manages members can give you one of them.
fault-conflict = Changed in the meantime
fault-refused = Refused
fault-too-many = Too many attempts
fault-too-many-detail = { $minutes ->
    [one] Please wait one minute.
   *[other] Please wait { $minutes } minutes.
}
fault-upstream = The other side did not answer properly
fault-upstream-detail = { $detail }
fault-database = The database is not answering
fault-database-detail = Nothing that was saved is lost. Please try again in a moment.
fault-no-room = The server has no room left
fault-no-room-detail = Nothing was saved and nothing was sent. Please tell your administrator: the disk is full.
fault-internal = Something went wrong on our side
fault-internal-detail = The error is in the log. What was saved before is still there. Please try again.
fault-reference = Reference { $reference }
fault-home = Go to the inbox

demo-title = Who would you like to be?
demo-lead = Kaffee Nordwind is an invented coffee roaster with 90 days of history. While you watch, people go on writing, and they answer what you write. Nothing leaves this machine.
