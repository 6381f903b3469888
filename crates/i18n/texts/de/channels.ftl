### Kanäle und Konten, ihr Zustand

channels-title = Kanäle und Konten
channels-lead = { $count ->
    [0] Noch kein Konto.
    [one] Ein Konto.
   *[other] { $count } Konten.
}
channels-lead-needs = { $count ->
    [0] Alles läuft.
    [one] Ein Konto braucht Ihre Hilfe.
   *[other] { $count } Konten brauchen Ihre Hilfe.
}
channels-connect = Konto verbinden
channels-needs-you = Braucht Ihre Hilfe
channels-running = Läuft
channels-details = Einzelheiten
channels-column-account = Konto
channels-column-state = Zustand
channels-column-latest = Zuletzt Neues
channels-column-items = Insgesamt
channels-column-team = Team
channels-nothing-yet = noch nichts
channels-no-team = ohne Team
channels-empty = Über Konten kommt herein, was Menschen Ihnen schreiben und was öffentlich über Sie gesagt wird. Verbinden Sie zuerst Ihre E-Mail-Adresse oder ein Blog, das über Sie schreibt. Alles Neue ab diesem Augenblick erscheint dann hier.

channels-state-ok = läuft
channels-state-slow = stockt
channels-state-bad = unterbrochen
channels-state-paused = pausiert

channel-feed = Blog, Forum, Podcast
channel-feed-about = Öffentliche Seiten, die einen Feed anbieten (RSS, Atom, JSON Feed). Nur lesen.
channel-feed-url = Adresse der Seite oder des Feeds
channel-feed-url-hint = Die Adresse der Startseite genügt meistens, zum Beispiel blog.firma.de. Den Feed dazu findet das Programm.
channel-feed-comments = Auch die Kommentare lesen
channel-feed-comments-hint = Wenn die Seite für ihre Kommentare einen Feed hat.

channel-mail = E-Mail
channel-mail-about = Ein Postfach: lesen über IMAP, antworten über SMTP. Oder nur empfangen, was Ihr Mailserver hierher zustellt.
channel-mail-from = E-Mail-Adresse
channel-mail-from-hint = An diese Adresse schreiben die Leute, und von ihr kommen Ihre Antworten.
channel-mail-from-name = Name des Absenders
channel-mail-from-name-hint = Steht in Antworten vor der Adresse, zum Beispiel der Name Ihrer Firma.
channel-mail-user = Benutzername
channel-mail-user-hint = Meistens die E-Mail-Adresse. Bei Zustellung durch Ihren eigenen Mailserver leer lassen.
channel-mail-password = Passwort
channel-mail-password-hint = Wird verschlüsselt aufbewahrt und nie wieder angezeigt. Manche Anbieter verlangen ein eigenes App-Passwort.
channel-mail-imap-host = Posteingangsserver (IMAP)
channel-mail-imap-host-hint = Zum Beispiel imap.firma.de. Leer lassen, wenn Ihr Mailserver die Nachrichten selbst hierher zustellt (LMTP).
channel-mail-imap-port = Port für IMAP
channel-mail-imap-security = Verschlüsselung für IMAP
channel-mail-imap-security-tls = TLS von Anfang an
channel-mail-imap-security-starttls = STARTTLS
channel-mail-imap-security-none = keine (nur im eigenen Netz)
channel-mail-folders = Ordner
channel-mail-folders-hint = Mehrere durch Komma getrennt.
channel-mail-history = Ältere Nachrichten
channel-mail-history-hint = Ältere kommen als erledigt herein und lösen nichts aus.
channel-mail-history-none = keine, nur was ab jetzt kommt
channel-mail-history-30d = der letzten 30 Tage
channel-mail-history-all = alle
channel-mail-mark-seen = Im Postfach als gelesen markieren
channel-mail-mark-seen-hint = Sonst bleibt das Postfach, wie es ist.
channel-mail-smtp-host = Postausgangsserver (SMTP)
channel-mail-smtp-host-hint = Zum Beispiel smtp.firma.de. Ohne ihn kann niemand von hier aus antworten.
channel-mail-smtp-port = Port für SMTP
channel-mail-smtp-security = Verschlüsselung für SMTP
channel-mail-smtp-security-tls = TLS von Anfang an
channel-mail-smtp-security-starttls = STARTTLS
channel-mail-smtp-security-none = keine (nur im eigenen Netz)
channel-mail-smtp-user = Benutzername für SMTP
channel-mail-smtp-user-hint = Nur, wenn er ein anderer ist.
channel-mail-smtp-password = Passwort für SMTP
channel-mail-smtp-password-hint = Nur, wenn es ein anderes ist.
channel-mail-sent-folder = Ordner für Gesendetes
channel-mail-sent-folder-hint = Dort wird eine Kopie jeder Antwort abgelegt. Leer lassen, wenn Ihr Anbieter das selbst tut.
channel-mail-authserv-id = Name Ihres Servers in Authentication-Results
channel-mail-authserv-id-hint = Nur was dieser Server über die Echtheit eines Absenders sagt, wird geglaubt. Im Zweifel leer lassen.
channel-mail-reply-token = Antwortadresse mit Kennzeichen
channel-mail-reply-token-hint = Antworten tragen eine Adresse wie hallo+t…@firma.de und finden so immer ihr Gespräch. Nur einschalten, wenn Ihr Mailserver Adressen mit + annimmt.

channel-form = Kontaktformular
channel-form-about = Eine Seite, die Sie verlinken oder in Ihre Website einbetten. Ohne Cookies, ohne fremde Dienste.
channel-manual = Von Hand notiert
channel-manual-about = Anrufe, Briefe, Besuche und Messegespräche, die jemand aufschreibt.

channel-new-title = Konto verbinden
channel-new-lead = Woher soll etwas hereinkommen?
channel-new-step-choose = Kanal wählen
channel-new-step-fill = Angaben eintragen
channel-new-step-done = Verbunden
channel-new-steps = Schritte
channel-new-from-now = Verbunden wird ab jetzt. Was früher war, bleibt, wo es ist.
channel-field-name = Name des Kontos
channel-field-name-hint = So heißt es in den Listen. Leer: seine Adresse oder seine Art.
channel-field-team = Team
channel-field-team-hint = Neue Gespräche aus diesem Konto kommen zu diesem Team.
channel-more-settings = Weitere Einstellungen
channel-check-and-connect = Verbindung prüfen und verbinden
channel-connect-plain = Verbinden
channel-connect-anyway = Ohne Prüfung verbinden
channel-secret-kept = Eingetragen. Leer lassen, damit es so bleibt.
channel-test-failed = Die Verbindung kam nicht zustande
channel-test-failed-kept = Was Sie eingetragen haben, steht noch da.
channel-fields-wrong = Bitte sehen Sie sich die markierten Felder an.

channel-account-state = Zustand
channel-account-since = seit { $when }
channel-account-next = Nächster Abruf
channel-account-last-ok = Zuletzt erfolgreich
channel-account-last-item = Zuletzt Neues
channel-account-items = Hereingekommen
channel-account-items-count = { $count ->
    [0] noch nichts
    [one] ein Eintrag
   *[other] { $count } Einträge
}
channel-account-created = Verbunden
channel-account-test = Jetzt prüfen
channel-account-pause = Pausieren
channel-account-resume = Fortsetzen
channel-account-edit = Ändern
channel-account-remove = Entfernen
channel-account-remove-title = Dieses Konto entfernen?
channel-account-remove-detail = Alles, was darüber hereinkam, bleibt. Neues kommt nicht mehr, und gespeicherte Passwörter werden gelöscht. Antworten auf laufende Gespräche gehen über dieses Konto nicht mehr hinaus.
channel-account-remove-confirm = Ja, entfernen
channel-account-door = Zustellung durch Ihren Mailserver
channel-account-door-hint = Ihr Mailserver kann Nachrichten an diese Adresse, auch mit Zusatz nach einem Pluszeichen, über LMTP zustellen. Erst wenn sie hier gespeichert sind, gelten sie als angenommen.
channel-account-link = Adresse des Formulars
channel-account-embed = Zum Einbetten in Ihre Website
channel-account-embed-none = Tragen Sie unten die Websites ein, auf denen das Formular stehen darf. Bis dahin lässt es sich verlinken, aber nicht einbetten.
channel-account-shared = Diese Quelle ist öffentlich. Sie wird einmal abgerufen, auch wenn mehrere Arbeitsbereiche sie beobachten.

form-settings-title = Überschrift
form-settings-intro = Einleitung
form-settings-intro-hint = Ein, zwei Sätze: wofür das Formular da ist und wie schnell Sie antworten.
form-settings-privacy-text = Datenschutzhinweis
form-settings-privacy-text-hint = Was mit den Angaben geschieht (Art. 13 DSGVO): wer sie bekommt, wofür und wie lange.
form-settings-privacy-url = Adresse Ihrer Datenschutzerklärung
form-settings-privacy-url-hint = Ein Hinweis oder eine Adresse muss sein; beides ist gut.
form-settings-subject = Nach einem Betreff fragen
form-settings-phone = Nach einer Telefonnummer fragen
form-settings-sites = Websites, auf denen das Formular stehen darf
form-settings-sites-hint = Eine Adresse je Zeile, zum Beispiel https://www.firma.de.
form-settings-language = Sprache
form-settings-language-visitor = wie beim Besucher eingestellt
form-settings-language-de = Deutsch
form-settings-language-en = Englisch
form-settings-mail = Antworten gehen hinaus über
form-settings-mail-none = das erste E-Mail-Konto
form-settings-mail-hint = Ist gar kein E-Mail-Konto verbunden, kommen Nachrichten an, aber niemand kann von hier aus antworten.
form-settings-confirmation = Den Eingang per E-Mail bestätigen
form-settings-confirmation-hint = Höchstens einmal je Adresse und Tag. Die Bestätigung wiederholt nichts von dem, was geschrieben wurde.

health-ok = Alles läuft.
health-ready = Bereit. Was zugestellt oder eingetragen wird, erscheint sofort.
health-waiting = Gleich wird zum ersten Mal nachgesehen.
health-paused = Pausiert. Es wird nichts abgerufen, bis jemand fortsetzt.
health-unreachable = Der Server ist nicht erreichbar. Gespeichert bleibt alles, und der Abruf wird von selbst wiederholt. Hält es an, prüfen Sie die Adresse oder fragen Sie den Anbieter. ({ $detail })
health-tls = Die sichere Verbindung kam nicht zustande, meistens wegen eines abgelaufenen oder falschen Zertifikats. Es wird nichts unverschlüsselt übertragen. Fragen Sie den Betreiber des Servers. ({ $detail })
health-sign-in = Die Anmeldung wurde abgelehnt. Was bisher kam, ist gespeichert; das Fehlende wird nachgeholt, sobald Benutzername und Passwort stimmen. ({ $detail })
health-not-there = Unter dieser Adresse ist nichts mehr (404). Prüfen Sie, ob die Seite umgezogen ist, und tragen Sie die neue Adresse ein.
health-forbidden = Der Server erlaubt den Abruf nicht ({ $status }). Fragen Sie den Betreiber der Seite.
health-status = Der Server meldet einen Fehler ({ $status }). Der Abruf wird von selbst wiederholt.
health-garbage = Was der Server schickt, ist nicht zu verstehen. Bei einem Blog fehlt vielleicht der Feed, oder er ist beschädigt. Der Abruf wird wiederholt. ({ $detail })
health-gone = Diese Quelle gibt es nicht mehr; der Betreiber hat sie endgültig abgeschaltet. Sie wird nicht weiter abgerufen. Was kam, bleibt gespeichert.
health-too-many = { $minutes ->
    [one] Der Server bittet um eine Pause von einer Minute. Danach geht es von selbst weiter.
   *[other] Der Server bittet um eine Pause von { $minutes } Minuten. Danach geht es von selbst weiter.
}
health-refused = Mit dieser Adresse verbindet sich das Programm nicht, weil sie nicht öffentlich ist. Liegt der Server im eigenen Netz, kann ihn die Person freigeben, die das Programm betreibt. ({ $detail })
health-setting = Eine Einstellung fehlt oder stimmt nicht: { $detail }. Öffnen Sie das Konto und tragen Sie sie neu ein.
health-too-large = Die Antwort des Servers ist zu groß. Sie wurde nicht gespeichert.
health-rejected = Der Server hat abgelehnt: { $detail }
health-unsure = Es ist nicht sicher, ob es angekommen ist. ({ $detail })
health-internal = Was hereinkam, konnte hier nicht gespeichert werden. Es ist beim Anbieter noch da und wird noch einmal geholt. Der Grund steht im Protokoll des Servers.

said-channel-connected = Konto verbunden.
said-channel-saved = Gespeichert.
said-channel-paused = Pausiert.
said-channel-resumed = Es geht weiter.
said-channel-removed = Konto entfernt. Was hereinkam, ist noch da.
said-channel-tested = Die Verbindung steht.

error-address-taken = Diese Adresse empfängt hier schon für ein anderes Konto.
error-already-connected = Diese Quelle ist in diesem Arbeitsbereich schon verbunden.
error-source-taken = Diese Quelle wird inzwischen anderswo gelesen.
error-setting-required = Dieses Feld brauchen wir.
error-setting-port = Ein Port ist eine Zahl zwischen 1 und 65535.
error-setting-host = Das ist kein Servername. Gemeint ist etwas wie imap.firma.de.
error-setting-url = Das ist keine Webadresse. Gemeint ist etwas wie https://blog.firma.de.
error-setting-text = Das ist zu lang oder enthält Zeichen, die hier nicht gehen.
error-form-title = Bitte eine Überschrift mit höchstens 120 Zeichen.
error-form-privacy = Bitte einen Datenschutzhinweis oder die Adresse Ihrer Datenschutzerklärung.
error-form-sites = Bitte je Zeile eine Adresse, höchstens 20, zum Beispiel https://www.firma.de.

job-kind-form-confirmation = Eingang einer Formularnachricht bestätigen

channel-account-folders = Neue Nachrichten im ersten Ordner kommen sofort, in den übrigen Ordnern binnen einer Minute, und sofort, wenn der Server sie von sich aus meldet (NOTIFY).

suspicious-title = Verdächtige Formulare
suspicious-lead = Was über ein Kontaktformular kam und nach einer Maschine aussieht. Wer es geschickt hat, weiß nur, dass es angekommen ist. Nach 30 Tagen verschwindet, worüber niemand entschieden hat.
suspicious-none = Nichts zurückgestellt
suspicious-none-detail = Sobald ein Formular verdächtig aussieht, steht es hier und nicht im Posteingang.
suspicious-release = In den Posteingang
suspicious-delete = Löschen
suspicious-expires = verschwindet { $when }
said-form-released = In den Posteingang gelegt.
said-form-deleted = Gelöscht.
form-reason-many-links = { $count } Links im Text
form-reason-seen-before = derselbe Text kam schon { $count }-mal
form-reason-link-markup = Links in Foren- oder HTML-Schreibweise
form-reason-link-in-name = ein Link im Namen oder Betreff
form-reason-repetitive = immer wieder dieselben Wörter
form-reason-no-words = kein einziges Wort
form-reason-too-fast = in wenigen Sekunden ausgefüllt
form-reason-honeypot = ein unsichtbares Feld ist ausgefüllt
form-reason-token = ohne gültige Formularseite geschickt
audit-action-channel-form-released = hat ein verdächtiges Formular in den Posteingang gelegt
audit-action-channel-form-deleted = hat ein verdächtiges Formular gelöscht
