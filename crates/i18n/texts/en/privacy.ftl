### The wall between public profile and contact, and the door in it.

wall-shut = Not linked
wall-open = Linked, with ground
wall-profile = Public profile
wall-profile-small = what everybody sees
wall-contact = Contact
wall-contact-small = what we as a company know
wall-nobody = This conversation belongs to no contact and to no public profile.
wall-shut-profile = Who is behind the profile is not known here. Timeline and addresses appear only with a ground.
wall-shut-contact = Whether this person also writes publicly is not known here. Profiles appear only with a ground.
wall-reason = Why?
wall-why = Tresen neither guesses nor hints. Equal names and addresses mean nothing here; a link needs consent or the person's own word (GDPR Art. 6).
wall-consent = Has consented
wall-consent-hint = We asked, and the answer is at hand
wall-disclosure = Told us themselves
wall-disclosure-hint = A message proves it

ground-consent = Consent
ground-disclosure = Own disclosure
ground-line = { $ground }, entered on { $date } by { $name }
ground-proof = Proof
ground-close = Unlink

link-title-contact = Choose a contact
link-title-profile = Choose a public profile
link-lead-contact = Which contact is the chosen profile linked with? Only contacts are searched.
link-lead-profile = Which public profile is the chosen contact linked with? Only profiles are searched.
link-ground = Ground
link-wording = Wording
link-wording-consent-hint = What was asked, and what was the answer? Consent must be provable (GDPR Art. 7 (1)).
link-wording-disclosure-hint = What did they say? Best in their own words.
link-proof = Proof
link-proof-none = No message in Tresen
link-search = Search
link-submit = Link
link-choose = Please search and choose somebody.

error-link-wording = Please write down the wording in at least eight characters.
error-link-proof = This message belongs to neither of the two sides.
error-link-proof-missing = This ground needs the message that says so. Choose it here; log a call or a letter as a conversation first.

said-link-opened = Linked. The ground is shown with it.
said-link-closed = Unlinked.

audit-action-link-opened = linked a profile and a contact
audit-action-link-closed = unlinked a profile and a contact
