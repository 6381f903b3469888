### Menschen eines Arbeitsbereichs, Einstellungen, Protokoll, Hintergrundarbeit, Einladungen und neue Passwörter

## Mails
mail-invitation-subject = Einladung zu { $workspace }
mail-invitation-text =
    Guten Tag,

    { $name } lädt Sie ein, bei { $workspace } am Tresen mitzuarbeiten.

    Über diesen Link nehmen Sie die Einladung an:
    { $url }

    Der Link gilt { $days } Tage und nur für Sie. Wenn Sie die Einladung nicht erwartet haben, brauchen Sie nichts zu tun.
mail-reset-subject = Neues Passwort für Tresen
mail-reset-text =
    Guten Tag { $name },

    jemand hat für diese Adresse ein neues Passwort angefordert. Wenn Sie das waren, legen Sie es hier fest:
    { $url }

    Der Link gilt { $hours } Stunden und nur einmal. Wenn Sie es nicht waren, brauchen Sie nichts zu tun: Ihr Passwort bleibt, wie es ist.

## Einladung annehmen
invitation-title = Einladung zu { $workspace }
invitation-lead-new = Sie sind als { $email } eingeladen. Mit Namen und Passwort sind Sie dabei.
invitation-lead-known = Für { $email } gibt es schon einen Zugang. Der neue Arbeitsbereich kommt dazu.
invitation-sign-in = Anmelden und annehmen
invitation-accept = Annehmen
invitation-submit = Dabei sein
error-invitation-other = Diese Einladung gilt für eine andere Adresse als die, mit der Sie angemeldet sind. Bitte melden Sie sich mit der eingeladenen Adresse an.
error-invitation-roles-gone = Die Rollen dieser Einladung gibt es nicht mehr. Bitte lassen Sie sich noch einmal einladen.

## Passwort
reset-title = Neues Passwort
reset-lead = Geben Sie Ihre Adresse ein. Wenn es sie hier gibt, kommt ein Link, mit dem Sie ein neues Passwort festlegen.
reset-submit = Link anfordern
reset-sent-title = Bitte sehen Sie in Ihr Postfach
reset-sent = Wenn es { $email } hier gibt, ist eine E-Mail unterwegs. Sie kommt gewöhnlich in einer Minute; der Link darin gilt zwei Stunden.
reset-sent-hint = Kommt nichts, bitten Sie die Person, die dieses Programm betreibt: Sie kann Ihnen einen Link geben.
reset-back = Zur Anmeldung
reset-set-lead = Danach sind Sie auf allen anderen Geräten abgemeldet.
reset-set-submit = Passwort festlegen
field-new-password = Neues Passwort
me-password = Passwort ändern
me-password-hint = Auf allen anderen Geräten sind Sie danach abgemeldet.
me-old-password = Bisheriges Passwort
me-password-changed = Das Passwort ist geändert. Auf allen anderen Geräten sind Sie abgemeldet.
error-old-password = Das ist nicht Ihr bisheriges Passwort.

## Einstellungen
settings-title = Einstellungen
settings-group-work = Arbeit
settings-group-operation = Betrieb
settings-channels = Kanäle und Konten
settings-members = Mitglieder
settings-teams = Teams
settings-roles = Rollen
settings-workspace = Arbeitsbereich
settings-audit = Protokoll
settings-jobs = Hintergrundarbeit
settings-switch = Arbeitsbereich wechseln, jetzt { $name }
settings-new-workspace = Weiteren Arbeitsbereich anlegen

## Mitglieder
members-lead = { $members ->
    [one] Eine Person arbeitet hier.
   *[other] { $members } Personen arbeiten hier.
}
members-invite = Einladen
members-invite-title = Jemanden einladen
members-invite-lead = Die Person bekommt einen Link, der sieben Tage gilt. Wer hier schon einen Zugang hat, meldet sich an und ist dabei.
members-invite-submit = Einladung senden
members-roles = Rollen
members-since = Dabei seit
members-owner-hint = Besitz lässt sich nicht auf Teams oder Konten begrenzen.
members-everywhere = im ganzen Arbeitsbereich
members-limited = Auf Teams oder Konten begrenzen
members-limit-team = Team { $name }
members-limit-account = Konto { $name }
members-no-roles = keine Rolle
members-disabled = gesperrt
members-you = Sie
members-edit-title = Rollen von { $name }
members-remove = Entfernen
members-remove-title = { $name } entfernen
members-remove-lead = Die Person sieht diesen Arbeitsbereich dann nicht mehr. Was sie geschrieben hat, bleibt. Ihre Entwürfe werden gelöscht.
members-remove-submit = Endgültig entfernen
members-pending = Offene Einladungen
members-expires = Gilt bis
members-revoke = Zurückziehen
members-link-title = Die Einladung ist bereit
members-link-lead = Dieses Programm sendet keine E-Mails. Geben Sie { $email } diesen Link; er wird nur jetzt gezeigt und gilt sieben Tage.
members-link = Link
members-link-done = Zu den Mitgliedern
members-remove-open = { $conversations ->
    [zero] Kein offenes Gespräch ist betroffen.
    [one] Ein offenes Gespräch ist danach niemandem zugewiesen.
   *[other] { $conversations } offene Gespräche sind danach niemandem zugewiesen.
}
error-no-role = Bitte wählen Sie mindestens eine Rolle.
error-owner-limited = Wer besitzt, ist nicht auf Teams oder Konten begrenzt.
error-last-owner = Das ist die letzte Person, der dieser Arbeitsbereich gehört. Geben Sie den Besitz erst jemand anderem.

## Teams
teams-lead = Gespräche und Konten gehören zu einem Team, und Rollen lassen sich darauf begrenzen.
teams-empty = Noch gibt es kein Team. Legen Sie eines an, wenn nicht alle alles bearbeiten sollen, zum Beispiel Service und Verkauf.
teams-new = Neues Team
teams-create = Anlegen
teams-members = Mitglieder
teams-open = Offene Gespräche
teams-nobody = niemand
teams-edit-title = Team { $name }
teams-delete = Team löschen
teams-delete-hint = Das geht erst, wenn nichts mehr zu diesem Team gehört: kein Gespräch, kein Konto, keine begrenzte Rolle.
error-team-name-taken = Ein Team mit diesem Namen gibt es schon.
error-team-in-use = Zu diesem Team gehören noch Gespräche, Konten oder begrenzte Rollen. Es bleibt deshalb.

## Rollen
role-viewer = Leserin oder Leser
role-viewer-hint = Sieht alles, ändert nichts.
role-agent = Service
role-agent-hint = Beantwortet Gespräche und pflegt Kunden.
role-editor = Redaktion
role-editor-hint = Beantwortet und beobachtet.
role-approver = Freigabe
role-approver-hint = Liest mit und schreibt Notizen.
role-admin = Verwaltung
role-admin-hint = Kümmert sich um Menschen, Konten und Betrieb, antwortet nicht.
role-owner = Besitz
role-owner-hint = Darf alles und gibt Besitz weiter.
role-own-hint = Eigene Rolle dieses Arbeitsbereichs.
roles-lead = Eine Rolle ist eine Auswahl von Rechten. Wer mehrere Rollen hat, darf alles, was eine davon erlaubt.
roles-right = Recht
roles-new = Neue Rolle
roles-new-lead = Eigene Rollen ergänzen die vorgegebenen. Das Recht, Besitz weiterzugeben, bleibt beim Besitz.
roles-edit-title = Rolle { $name }
roles-permissions = Rechte
roles-own = Eigene Rollen
roles-own-empty = Noch keine. Die vorgegebenen Rollen reichen meistens.
roles-delete = Rolle löschen
roles-delete-hint = Das geht, solange niemand die Rolle hat.
roles-holders = { $members ->
    [zero] niemand
    [one] eine Person
   *[other] { $members } Personen
}
error-role-name-taken = Eine Rolle mit diesem Namen gibt es schon.
error-role-builtin = Die vorgegebenen Rollen sind fest. Legen Sie eine eigene Rolle an.
error-role-empty = Bitte wählen Sie mindestens ein Recht.
error-role-owner-right = Das Recht, Besitz weiterzugeben, gehört nur zur Rolle „Besitz“.
error-role-in-use = { $members ->
    [one] Eine Person hat diese Rolle noch. Ändern Sie erst deren Rollen.
   *[other] { $members } Personen haben diese Rolle noch. Ändern Sie erst deren Rollen.
}

## Rechte
permission-inbox-read = Posteingang lesen
permission-inbox-read-hint = Gespräche, Nachrichten, Notizen und Dateien sehen.
permission-inbox-answer = Privat antworten
permission-inbox-answer-hint = Auf E-Mails und Formulare antworten.
permission-inbox-note = Notizen schreiben
permission-inbox-note-hint = Interne Notizen, die kein Kunde sieht.
permission-inbox-organise = Gespräche ordnen
permission-inbox-organise-hint = Übernehmen, zuweisen, erledigen, zurückstellen, Etiketten.
permission-inbox-log = Begegnungen notieren
permission-inbox-log-hint = Anrufe, Briefe und Besuche festhalten.
permission-listen-read = Beobachtungen lesen
permission-listen-read-hint = Beiträge, Beobachtungen, Treffer und öffentliche Profile sehen.
permission-watch-edit = Beobachtungen ändern
permission-watch-edit-hint = Beobachtungen anlegen und ändern, im Archiv nachsehen.
permission-hit-convert = Aus Treffern Gespräche machen
permission-hit-convert-hint = Einen öffentlichen Beitrag in den Posteingang holen.
permission-contact-read = Kunden sehen
permission-contact-read-hint = Kontakte und ihre Gespräche.
permission-contact-edit = Kunden ändern
permission-contact-edit-hint = Kontakte anlegen und ändern.
permission-profile-link = Profile verknüpfen
permission-profile-link-hint = Ein öffentliches Profil mit einem Kontakt verbinden, nur mit Rechtsgrundlage.
permission-channel-read = Konten sehen
permission-channel-read-hint = Kanäle, Konten und ihren Zustand.
permission-channel-edit = Konten ändern
permission-channel-edit-hint = Konten verbinden, ändern, pausieren, entfernen.
permission-member-read = Mitglieder sehen
permission-member-read-hint = Mitglieder, Teams und Rollen.
permission-member-edit = Mitglieder ändern
permission-member-edit-hint = Einladen, Rollen vergeben, entfernen, Teams ordnen.
permission-owner-edit = Besitz weitergeben
permission-owner-edit-hint = Die Rolle „Besitz“ geben und nehmen.
permission-audit-read = Protokoll lesen
permission-audit-read-hint = Sehen, wer was wann geändert hat.
permission-job-admin = Hintergrundarbeit steuern
permission-job-admin-hint = Fehlgeschlagenes wiederholen oder verwerfen.
permission-workspace-edit = Arbeitsbereich ändern
permission-workspace-edit-hint = Name, Sprache und Zeitzone.

## Arbeitsbereich
workspace-lead = Sprache und Zeitzone gelten für alle, die nichts anderes eingestellt haben.
workspace-slug = Adresse
workspace-slug-hint = Sie bleibt, damit verschickte Links weiter stimmen.
workspace-new-lead = Eine weitere Marke oder ein weiterer Mandant, streng getrennt von den anderen. Sie besitzen den neuen Arbeitsbereich.

## Protokoll
audit-lead = Wer was wann geändert hat. Gespeichert sind nur Kennzeichen; Namen werden beim Anzeigen nachgeschlagen.
audit-when = Wann
audit-who = Wer
audit-what = Was
audit-subject = Woran
audit-area = Bereich
audit-all-areas = alle Bereiche
audit-everybody = alle
audit-filter = Filtern
audit-older = Ältere zeigen
audit-empty = Nichts gefunden. Sobald jemand etwas ändert, steht es hier.
audit-program = das Programm
audit-somebody = jemand, den es nicht mehr gibt
audit-gone = nicht mehr da oder nicht für Sie sichtbar
audit-area-member = Mitglieder
audit-area-team = Teams
audit-area-role = Rollen
audit-area-workspace = Arbeitsbereich
audit-area-channel = Kanäle und Konten
audit-area-conversation = Gespräche
audit-area-watch = Beobachtungen
audit-area-contact = Kunden
audit-area-profile = Profile
audit-area-job = Hintergrundarbeit
audit-action-session-opened = hat sich angemeldet
audit-action-session-revoked = hat ein Gerät abgemeldet
audit-action-password-link-made = ein Link für ein neues Passwort wurde gemacht
audit-action-password-reset = hat das Passwort über einen Link neu gesetzt
audit-action-password-changed = hat das Passwort geändert
audit-action-workspace-created = hat den Arbeitsbereich angelegt
audit-action-workspace-changed = hat den Arbeitsbereich geändert
audit-action-member-invited = hat jemanden eingeladen
audit-action-member-invitation-revoked = hat eine Einladung zurückgezogen
audit-action-member-joined = hat eine Einladung angenommen
audit-action-member-roles-changed = hat Rollen geändert
audit-action-member-removed = hat ein Mitglied entfernt
audit-action-team-created = hat ein Team angelegt
audit-action-team-changed = hat ein Team geändert
audit-action-team-deleted = hat ein Team gelöscht
audit-action-role-created = hat eine Rolle angelegt
audit-action-role-changed = hat eine Rolle geändert
audit-action-role-deleted = hat eine Rolle gelöscht
audit-action-channel-connected = hat ein Konto verbunden
audit-action-channel-changed = hat ein Konto geändert
audit-action-channel-edited = hat ein Konto geändert
audit-action-channel-tested = hat ein Konto geprüft
audit-action-channel-paused = hat ein Konto pausiert
audit-action-channel-resumed = hat ein Konto fortgesetzt
audit-action-channel-removed = hat ein Konto entfernt
audit-action-job-retried = hat eine Arbeit noch einmal angestoßen
audit-action-job-discarded = hat eine Arbeit verworfen

## Hintergrundarbeit
jobs-lead = Was das Programm nebenher tut: E-Mails senden, Antworten zustellen, im Archiv nachsehen.
jobs-all = alle
jobs-state-ready = wartet
jobs-state-running = läuft
jobs-state-failed = fehlgeschlagen
jobs-state-done = erledigt
jobs-kind = Arbeit
jobs-state = Zustand
jobs-at = Zeit
jobs-retry = Noch einmal
jobs-discard = Verwerfen
jobs-discard-sure = Endgültig verwerfen
jobs-empty = Hier ist nichts. Fehlgeschlagenes würde hier mit seinem Grund stehen.
jobs-older = Ältere zeigen
jobs-attempts = Versuch { $n } von { $most }
job-kind-system-mail = E-Mail des Programms
job-kind-deliver = Antwort zustellen
job-kind-wake-snoozed = Zurückgestellte Gespräche wieder vorlegen
job-kind-clean-up = Aufräumen
job-failure-internal = Da ist im Programm etwas schiefgegangen. Einzelheiten stehen in seinem Protokoll auf dem Server.
job-failure-database = Die Datenbank hat nicht geantwortet.
job-failure-payload = Der Auftrag war nicht lesbar; er stammt vielleicht aus einer anderen Version.
job-failure-mail-off = Für dieses Programm ist kein Mailversand eingerichtet.
job-failure-mail = Der Mailserver hat die E-Mail nicht angenommen: { $detail }
job-failure-network = Das Netz hat nicht angenommen: { $detail }
job-failure-unknown = Grund { $code }

## Kurze Meldungen
said-invited = Die Einladung ist unterwegs.
said-invitation-revoked = Die Einladung gilt nicht mehr.
said-member-saved = Die Rollen sind gespeichert.
said-member-removed = Die Person gehört nicht mehr dazu.
said-team-created = Das Team ist angelegt.
said-team-saved = Das Team ist gespeichert.
said-team-deleted = Das Team ist gelöscht.
said-role-saved = Die Rolle ist gespeichert.
said-role-deleted = Die Rolle ist gelöscht.
said-workspace-saved = Der Arbeitsbereich ist gespeichert.
said-job-retried = Die Arbeit wird noch einmal versucht.
said-job-discarded = Die Arbeit ist verworfen.
said-joined = Willkommen. Sie gehören jetzt dazu.
