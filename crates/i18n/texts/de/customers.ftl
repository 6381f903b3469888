### Kunden: Kontakte und öffentliche Profile, jedes auf seiner Seite.

customers-title = Kunden
customers-tabs = Kontakte und öffentliche Profile
customers-contacts = Kontakte
customers-profiles = Öffentliche Profile
customers-contacts-lead = Wen die Firma kennt: wer geschrieben hat oder von Hand eingetragen wurde.
customers-profiles-lead = Wer öffentlich über Ihre Themen schreibt. Wer dahinter steht, steht hier nicht.
customers-new = Neuer Kontakt
customers-search-contacts = Name oder Adresse
customers-search-profiles = Name oder öffentlicher Name
customers-found = { $count ->
    [zero] Niemand gefunden
    [one] { $count } gefunden
   *[other] { $count } gefunden
}
customers-show-all = Alle anzeigen
customers-further = Weitere anzeigen
customers-none = Niemand gefunden
customers-none-detail = Ein Teil des Namens oder der Anfang einer Adresse genügt. Ein Tippfehler schadet selten.
customers-empty = Noch kein Kontakt
customers-empty-detail = Wer Ihnen schreibt, wird von selbst zum Kontakt. Rundschreiben und automatische E-Mails zählen nicht. Sie können auch jemanden von Hand eintragen.
profiles-empty = Noch kein öffentliches Profil
profiles-empty-detail = Sobald ein Feed verbunden ist, erscheinen hier die Namen, unter denen öffentlich geschrieben wird.

contact-name = Name
contact-company = Firma
contact-mail = E-Mail-Adresse
contact-note = Notiz
contact-note-hint = Nur im Haus zu lesen. Auf Verlangen wird sie dem Menschen gezeigt (Art. 15 DSGVO).
contact-known-since = Bekannt seit
contact-lead = Kontakt: was die Firma weiß
contact-addresses = Adressen
contact-address-kind = Art
contact-address-value = Adresse oder Nummer
contact-address-mail = E-Mail
contact-address-phone = Telefon
contact-address-verified = bestätigt
contact-address-unverified = nicht bestätigt
contact-address-add = Adresse hinzufügen
contact-address-remove = Entfernen
contact-no-address = Keine Adresse bekannt
contact-edit-title = { $name } bearbeiten
contact-facts = Stammdaten
contact-timeline = Zeitstrahl
contact-timeline-empty = Noch kein Gespräch, das Sie sehen dürfen.
contact-created = Als Kontakt angelegt
contact-messages = { $count ->
    [one] { $count } Nachricht
   *[other] { $count } Nachrichten
}

profile-lead = Öffentliches Profil: was alle sehen
profile-network = Website
profile-handle = Öffentlicher Name
profile-address = Adresse
profile-posts = Beiträge
profile-posts-count = { $count ->
    [zero] Keine Beiträge
    [one] { $count } Beitrag
   *[other] { $count } Beiträge
}
profile-first-seen = Zuerst gesehen
profile-last-seen = Zuletzt gesehen
profile-posts-seen = Beiträge gesehen
profile-posts-empty = Keine gespeicherten Beiträge. Was keine Beobachtung trifft, wird nach 30 Tagen gelöscht.
profile-talks = Gespräche
profile-visit = Profil im Netz öffnen
profile-original = Original ansehen

talk-open = offen
talk-snoozed = zurückgestellt
talk-done = erledigt

error-contact-name = Bitte geben Sie einen Namen ein.
error-contact-long = Das ist zu lang, höchstens { $most } Zeichen.
error-contact-address-form = Das ist keine vollständige E-Mail-Adresse oder Telefonnummer.
error-contact-address-taken = Diese Adresse gehört schon zu einem anderen Kontakt.

said-contact-created = Kontakt angelegt.
said-contact-saved = Kontakt gespeichert.
said-address-added = Adresse hinzugefügt.
said-address-removed = Adresse entfernt.

audit-action-contact-created = hat einen Kontakt angelegt
audit-action-contact-changed = hat einen Kontakt geändert
audit-action-contact-address-removed = hat die Adresse eines Kontakts entfernt
