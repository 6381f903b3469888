### Channels and accounts, and how they are

channels-title = Channels and accounts
channels-lead = { $count ->
    [0] No account yet.
    [one] One account.
   *[other] { $count } accounts.
}
channels-lead-needs = { $count ->
    [0] None needs attention.
    [one] One needs attention.
   *[other] { $count } need attention.
}
channels-connect = Connect an account
channels-needs-you = Needs attention
channels-running = Running
channels-details = Details
channels-column-account = Account
channels-column-state = State
channels-column-latest = Latest
channels-column-items = Total
channels-column-team = Team
channels-nothing-yet = nothing yet
channels-no-team = no team
channels-empty = Accounts bring in what people write to you and what is said about you in public. Begin with your email address, or with a blog that writes about you. Everything new from that moment on appears here.

channels-state-ok = running
channels-state-slow = held up
channels-state-bad = interrupted
channels-state-paused = paused

channel-feed = Blog, forum, podcast
channel-feed-about = Public sites that offer a feed (RSS, Atom, JSON Feed). Reading only.
channel-feed-url = Address of the site or its feed
channel-feed-url-hint = The address of the front page is usually enough, for example blog.company.com. The program finds the feed.
channel-feed-comments = Read the comments too
channel-feed-comments-hint = If the site has a feed for its comments.

channel-mail = Email
channel-mail-about = A mailbox: read over IMAP, answer over SMTP. Or only receive what your mail server delivers here.
channel-mail-from = Email address
channel-mail-from-hint = People write to this address, and your answers come from it.
channel-mail-from-name = Sender’s name
channel-mail-from-name-hint = Stands before the address in answers, for example the name of your company.
channel-mail-user = User name
channel-mail-user-hint = Usually the email address. Leave empty if your own mail server delivers here.
channel-mail-password = Password
channel-mail-password-hint = Kept encrypted and never shown again. Some providers ask for a separate app password.
channel-mail-imap-host = Incoming server (IMAP)
channel-mail-imap-host-hint = For example imap.company.com. Leave empty if your mail server delivers messages here itself (LMTP).
channel-mail-imap-port = Port for IMAP
channel-mail-imap-security = Encryption for IMAP
channel-mail-imap-security-tls = TLS from the start
channel-mail-imap-security-starttls = STARTTLS
channel-mail-imap-security-none = none (own network only)
channel-mail-folders = Folders
channel-mail-folders-hint = Several, separated by commas.
channel-mail-history = Older messages
channel-mail-history-hint = Older ones arrive as resolved and start nothing.
channel-mail-history-none = none, only what comes from now on
channel-mail-history-30d = of the last 30 days
channel-mail-history-all = all
channel-mail-mark-seen = Mark as read in the mailbox
channel-mail-mark-seen-hint = Otherwise the mailbox stays as it is.
channel-mail-smtp-host = Outgoing server (SMTP)
channel-mail-smtp-host-hint = For example smtp.company.com. Without it nobody can answer from here.
channel-mail-smtp-port = Port for SMTP
channel-mail-smtp-security = Encryption for SMTP
channel-mail-smtp-security-tls = TLS from the start
channel-mail-smtp-security-starttls = STARTTLS
channel-mail-smtp-security-none = none (own network only)
channel-mail-smtp-user = User name for SMTP
channel-mail-smtp-user-hint = Only if it is another one.
channel-mail-smtp-password = Password for SMTP
channel-mail-smtp-password-hint = Only if it is another one.
channel-mail-sent-folder = Folder for sent email
channel-mail-sent-folder-hint = A copy of every answer is put there. Leave empty if your provider does that itself.
channel-mail-authserv-id = Your server’s name in Authentication-Results
channel-mail-authserv-id-hint = Only what this server says about a sender’s authenticity is believed. If in doubt, leave empty.
channel-mail-reply-token = Reply address with a token
channel-mail-reply-token-hint = Answers carry an address such as hello+t…@company.com and so always find their conversation. Switch on only if your mail server accepts addresses with a +.

channel-form = Contact form
channel-form-about = A page you link to or embed in your website. No cookies, no third parties.
channel-manual = Noted by hand
channel-manual-about = Calls, letters, visits and talks at fairs that somebody writes down.

channel-new-title = Connect an account
channel-new-lead = Where should things come in from?
channel-new-step-choose = Choose a channel
channel-new-step-fill = Enter the details
channel-new-step-done = Connected
channel-new-steps = Steps
channel-new-from-now = Only what arrives from now on is fetched.
channel-field-name = Name of the account
channel-field-name-hint = Shown in lists. If left empty, its address or its kind is used.
channel-field-team = Team
channel-field-team-hint = New conversations from this account go to this team.
channel-more-settings = More settings
channel-check-and-connect = Check the connection and connect
channel-connect-plain = Connect
channel-connect-anyway = Connect without checking
channel-secret-kept = Entered. Leave empty to keep it.
channel-test-failed = The connection could not be made
channel-test-failed-kept = What you entered is still there.
channel-fields-wrong = Please look at the marked fields.

channel-account-state = State
channel-account-since = since { $when }
channel-account-next = Next check
channel-account-last-ok = Last successful check
channel-account-last-item = Latest
channel-account-items = Came in
channel-account-items-count = { $count ->
    [0] nothing yet
    [one] one entry
   *[other] { $count } entries
}
channel-account-created = Connected
channel-account-test = Check now
channel-account-pause = Pause
channel-account-resume = Resume
channel-account-edit = Change
channel-account-remove = Remove
channel-account-remove-title = Remove this account?
channel-account-remove-detail = Everything that came in through it stays. Nothing new comes any more, and stored passwords are deleted. Answers to open conversations no longer go out through this account.
channel-account-remove-confirm = Yes, remove it
channel-account-door = Delivery by your mail server
channel-account-door-hint = Your mail server can deliver messages to this address, also with an addition after a plus sign, over LMTP. They count as accepted only once they are stored here.
channel-account-link = Address of the form
channel-account-embed = To embed in your website
channel-account-embed-none = Enter below the websites that may hold the form. Until then it can be linked to, but not embedded.
channel-account-shared = This source is public. It is read once, even if several workspaces watch it.

form-settings-title = Heading
form-settings-intro = Introduction
form-settings-intro-hint = One or two sentences: what the form is for and how soon you answer.
form-settings-privacy-text = Privacy notice
form-settings-privacy-text-hint = What happens with the details (Art. 13 GDPR): who gets them, what for and for how long.
form-settings-privacy-url = Address of your privacy policy
form-settings-privacy-url-hint = A notice or an address is needed; both are good.
form-settings-subject = Ask for a subject
form-settings-phone = Ask for a telephone number
form-settings-sites = Websites that may hold the form
form-settings-sites-hint = One address per line, for example https://www.company.com.
form-settings-language = Language
form-settings-language-visitor = as the visitor’s browser is set
form-settings-language-de = German
form-settings-language-en = English
form-settings-mail = Answers go out through
form-settings-mail-none = the first email account
form-settings-mail-hint = If no email account is connected at all, messages arrive, but nobody can answer from here.
form-settings-confirmation = Confirm by email that a message has arrived
form-settings-confirmation-hint = At most once per address and day. The confirmation repeats nothing of what was written.

health-ok = Everything is running.
health-ready = Ready. What is delivered or entered appears at once.
health-waiting = The first look is about to happen.
health-paused = Paused. Nothing is fetched until somebody resumes.
health-unreachable = The server cannot be reached. Everything stored is safe, and the look is repeated by itself. If it goes on, check the address or ask the provider. ({ $detail })
health-tls = No secure connection could be made, mostly because of an expired or wrong certificate. Nothing is sent unencrypted. Ask whoever runs the server. ({ $detail })
health-sign-in = The sign-in was refused. What came so far is stored; what is missing is fetched as soon as user name and password are right. ({ $detail })
health-not-there = There is nothing at this address any more (404). See whether the site has moved, and enter the new address.
health-forbidden = The server does not allow the look ({ $status }). Ask whoever runs the site.
health-status = The server reports an error ({ $status }). The look is repeated by itself.
health-garbage = What the server sends cannot be understood. With a blog the feed may be missing or damaged. The look is repeated. ({ $detail })
health-gone = This source no longer exists; its owner has switched it off for good. It is not read any more. What came is still stored.
health-too-many = { $minutes ->
    [one] The server asks for a pause of one minute. Then it goes on by itself.
   *[other] The server asks for a pause of { $minutes } minutes. Then it goes on by itself.
}
health-refused = The program does not connect to this address because it is not public. If the server is in your own network, whoever runs the program can allow it. ({ $detail })
health-setting = A setting is missing or wrong: { $detail }. Open the account and enter it again.
health-too-large = The server’s answer is too large. It was not stored.
health-rejected = The server refused: { $detail }
health-unsure = It is not certain whether it arrived. ({ $detail })
health-internal = What came in could not be stored here. It is still with the provider and will be fetched again. The reason is in the server’s log.

said-channel-connected = Account connected.
said-channel-saved = Saved.
said-channel-paused = Paused.
said-channel-resumed = It goes on.
said-channel-removed = Account removed. What came in is still there.
said-channel-tested = The connection works.

error-address-taken = This address already receives for another account here.
error-already-connected = This source is already connected in this workspace.
error-source-taken = This source is being read elsewhere by now.
error-setting-required = We need this field.
error-setting-port = A port is a number between 1 and 65535.
error-setting-host = That is not a server’s name. It looks like imap.company.com.
error-setting-url = That is not a web address. It looks like https://blog.company.com.
error-setting-text = That is too long or holds characters that cannot be used here.
error-form-title = Please give a heading of at most 120 characters.
error-form-privacy = Please give a privacy notice or the address of your privacy policy.
error-form-sites = Please one address per line, at most 20, for example https://www.company.com.

job-kind-form-confirmation = Confirm that a form message arrived

channel-account-folders = New messages in the first folder come at once, in the other folders within a minute, and at once where the server reports them by itself (NOTIFY).

suspicious-title = Suspicious forms
suspicious-lead = What came through a contact form and looks machine-made. Whoever sent it only knows that it has arrived. After 30 days, what nobody decided about goes away.
suspicious-none = Nothing set apart
suspicious-none-detail = When a form looks suspicious, it is here and not in the inbox.
suspicious-release = To the inbox
suspicious-delete = Delete
suspicious-expires = goes away { $when }
said-form-released = Put into the inbox.
said-form-deleted = Deleted.
form-reason-many-links = { $count } links in the text
form-reason-seen-before = the same text came { $count } times before
form-reason-link-markup = links written as for forums or in HTML
form-reason-link-in-name = a link in the name or subject
form-reason-repetitive = the same words over and over
form-reason-no-words = not a single word
form-reason-too-fast = filled in within seconds
form-reason-honeypot = an invisible field is filled in
form-reason-token = sent without a valid form page
audit-action-channel-form-released = put a suspicious form into the inbox
audit-action-channel-form-deleted = deleted a suspicious form
