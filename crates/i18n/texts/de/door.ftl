### Anmelden, Einrichten, eigene Einstellungen, Fehlerseiten

layout-skip = Zum Inhalt springen
rail-label = Bereiche
rail-inbox = Posteingang
rail-mentions = Erwähnungen
rail-listen = Beobachten
rail-customers = Kunden
rail-settings = Einstellungen
rail-commands = Befehle
rail-help = Hilfe und Tasten
rail-me = { $name }, eigene Einstellungen
key-ctrl = Strg
demo-mark = Beispielfirma. Nichts verlässt diesen Rechner.
common-actions = Aktionen

field-name = Name
field-email = E-Mail
field-password = Passwort
field-password-hint = Mindestens 12 Zeichen. Ein Satz ist besser als ein kurzes Wort mit Sonderzeichen.
field-locale = Sprache
field-time-zone = Zeitzone

locale-de-de = Deutsch (Deutschland)
locale-de-at = Deutsch (Österreich)
locale-de-ch = Deutsch (Schweiz)
locale-en = Englisch

login-title = Anmelden
login-submit = Anmelden
login-forgot = Vergessen?

setup-title = Willkommen am Tresen
setup-lead = Sie sind die erste Person hier. Alles lässt sich später ändern, und was Sie eingeben, bleibt auf Ihrem Server.
setup-workspace = Name der Firma oder Marke
setup-workspace-hint = So heißt Ihr Arbeitsbereich. Weitere Marken können Sie später anlegen.
setup-submit = Einrichten

me-title = Ihre Einstellungen
me-saved = Gespeichert.
me-sign-out = Abmelden
me-zone-of-workspace = wie im Arbeitsbereich
me-theme = Darstellung
me-theme-system = wie im System
me-theme-light = hell
me-theme-dark = dunkel
me-theme-contrast = hoher Kontrast
me-shortcuts = Tastenkürzel mit einzelnen Tasten
me-shortcuts-hint = Wer mit Spracheingabe arbeitet, schaltet sie besser aus.
me-next = Nach dem Antworten das nächste Gespräch öffnen
me-next-hint = Sonst bleibt das beantwortete Gespräch offen.
me-workspaces = Ihre Arbeitsbereiche
me-sessions = Wo Sie angemeldet sind
me-sessions-hint = Kommt Ihnen ein Gerät unbekannt vor, melden Sie es ab und ändern Sie Ihr Passwort.
me-device = Gerät
me-last-seen = Zuletzt
me-this-device = dieses Gerät
me-revoke = Abmelden

error-email = Das ist keine vollständige E-Mail-Adresse, zum Beispiel name@firma.de.
error-name = Bitte einen Namen mit höchstens 120 Zeichen.
error-password-length = Das Passwort braucht mindestens 12 Zeichen.
error-sign-in = E-Mail und Passwort passen nicht zusammen.
error-sign-in-wait = { $minutes ->
    [one] Zu viele Versuche. Bitte warten Sie eine Minute.
   *[other] Zu viele Versuche. Bitte warten Sie { $minutes } Minuten.
}
error-email-taken = Mit dieser Adresse gibt es schon jemanden.
error-choice = Diese Auswahl gibt es nicht.
error-time-zone = Diese Zeitzone gibt es nicht. Gemeint ist ein Name wie Europe/Berlin.
error-slug = Nur Kleinbuchstaben, Ziffern und Bindestriche, höchstens 40 Zeichen.
error-slug-taken = Einen Arbeitsbereich mit diesem Namen gibt es schon.
error-already-member = Diese Person gehört schon dazu.
error-csrf = Diese Anfrage kam nicht von einer Seite dieses Programms. Bitte laden Sie die Seite neu und versuchen Sie es noch einmal.

fault-not-found = Hier ist nichts
fault-not-found-detail = Diese Seite gibt es nicht, oder sie gehört nicht zu dem, was Sie sehen dürfen. Vielleicht war der Link alt oder schon benutzt.
fault-invalid = Das passt noch nicht
fault-forbidden = Das dürfen Sie hier nicht
fault-forbidden-detail = Dafür fehlt Ihnen das Recht „{ $permission }“. Diese Rollen haben es: { $roles }. Wer Mitglieder verwaltet, kann Ihnen eine davon geben.
fault-conflict = Inzwischen geändert
fault-refused = Abgelehnt
fault-too-many = Zu viele Versuche
fault-too-many-detail = { $minutes ->
    [one] Bitte warten Sie eine Minute.
   *[other] Bitte warten Sie { $minutes } Minuten.
}
fault-upstream = Die Gegenstelle hat nicht richtig geantwortet
fault-upstream-detail = { $detail }
fault-database = Die Datenbank antwortet gerade nicht
fault-database-detail = Es ist nichts verloren gegangen, was schon gespeichert war. Bitte versuchen Sie es in einem Augenblick noch einmal.
fault-no-room = Auf dem Server ist kein Platz mehr
fault-no-room-detail = Es wurde nichts gespeichert und nichts gesendet. Bitte sagen Sie Ihrer Administration Bescheid: Auf der Festplatte ist kein Platz mehr.
fault-internal = Da ist bei uns etwas schiefgegangen
fault-internal-detail = Der Fehler steht im Protokoll. Was vorher gespeichert war, ist noch da. Bitte versuchen Sie es noch einmal.
fault-reference = Kennzeichen { $reference }
fault-home = Zum Posteingang

demo-title = Wer möchten Sie sein?
demo-lead = Kaffee Nordwind ist eine erfundene Rösterei mit 90 Tagen Geschichte. Während Sie zusehen, schreiben weiter Leute, und sie antworten auf das, was Sie schreiben. Nichts verlässt diesen Rechner.
