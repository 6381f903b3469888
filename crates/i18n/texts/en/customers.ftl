### Customers: contacts and public profiles, each on a page of its own.

customers-title = Customers
customers-tabs = Contacts and public profiles
customers-contacts = Contacts
customers-profiles = Public profiles
customers-contacts-lead = Whom the company knows: people who wrote or were entered by hand.
customers-profiles-lead = Who writes publicly about your topics. Who is behind a profile is not said here.
customers-new = New contact
customers-search-contacts = Name or address
customers-search-profiles = Name or public name
customers-found = { $count ->
    [zero] Nobody found
    [one] { $count } found
   *[other] { $count } found
}
customers-show-all = Show all
customers-further = Show more
customers-none = Nobody found
customers-none-detail = A part of the name or the beginning of an address is enough. A typing mistake rarely does harm.
customers-empty = No contact yet
customers-empty-detail = Whoever writes to you becomes a contact by itself. Newsletters and automatic emails do not count. You can also enter somebody by hand.
profiles-empty = No public profile yet
profiles-empty-detail = As soon as a feed is connected, the names under which people write publicly appear here.

contact-name = Name
contact-company = Company
contact-mail = Email address
contact-note = Note
contact-note-hint = Internal only. It is shown to the person on request (GDPR Art. 15).
contact-known-since = Known since
contact-lead = Contact: what the company knows
contact-addresses = Addresses
contact-address-kind = Kind
contact-address-value = Address or number
contact-address-mail = Email
contact-address-phone = Telephone
contact-address-verified = confirmed
contact-address-unverified = not confirmed
contact-address-add = Add address
contact-address-remove = Remove
contact-no-address = No address known
contact-edit-title = Edit { $name }
contact-facts = Details
contact-timeline = Timeline
contact-timeline-empty = No conversation yet that you may see.
contact-created = Entered as a contact
contact-messages = { $count ->
    [one] { $count } message
   *[other] { $count } messages
}

profile-lead = Public profile: what everybody sees
profile-network = Website
profile-handle = Public name
profile-address = Address
profile-posts = Posts
profile-posts-count = { $count ->
    [zero] No posts
    [one] { $count } post
   *[other] { $count } posts
}
profile-first-seen = First seen
profile-last-seen = Last seen
profile-posts-seen = Posts seen
profile-posts-empty = No stored posts. What no watch wants is deleted after 30 days.
profile-talks = Conversations
profile-visit = Open the profile on the web
profile-original = See the original

talk-open = open
talk-snoozed = snoozed
talk-done = resolved

error-contact-name = Please enter a name.
error-contact-long = This is too long, { $most } characters at most.
error-contact-address-form = This is no complete email address or telephone number.
error-contact-address-taken = This address already belongs to another contact.

said-contact-created = Contact entered.
said-contact-saved = Contact saved.
said-address-added = Address added.
said-address-removed = Address removed.

audit-action-contact-created = created a contact
audit-action-contact-changed = changed a contact
audit-action-contact-address-removed = removed an address from a contact
