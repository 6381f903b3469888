### Das Kontaktformular, wie es Besucher sehen, und seine Bestätigung

form-name = Ihr Name
form-email = Ihre E-Mail-Adresse
form-email-hint = Dorthin antworten wir.
form-subject = Betreff
form-phone = Telefonnummer
form-optional = freiwillig
form-message = Ihre Nachricht
form-honeypot = Dieses Feld bitte leer lassen
form-privacy = Datenschutz
form-privacy-link = Datenschutzerklärung
form-send = Nachricht senden
form-sent-title = Ihre Nachricht ist angekommen
form-sent-text = Vielen Dank. Wir antworten an die Adresse, die Sie angegeben haben.
form-sent-again = Noch eine Nachricht schreiben
form-fields-wrong = Bitte sehen Sie sich die markierten Felder an. Ihr Text steht noch da.
form-not-sent = Die Nachricht wurde noch nicht gesendet
form-error-name = Bitte sagen Sie uns, wie Sie heißen.
form-error-message = Bitte schreiben Sie uns, worum es geht.
form-error-message-long = Bitte höchstens 20.000 Zeichen.
form-error-expired = Die Seite war lange offen. Bitte senden Sie noch einmal, Ihr Text steht noch da.
form-error-fast = Das ging sehr schnell. Bitte warten Sie drei Sekunden und senden Sie noch einmal, Ihr Text steht noch da.
form-error-honeypot = Ein Feld, das leer bleiben soll, war ausgefüllt. Vielleicht hat Ihr Browser es von selbst ausgefüllt. Bitte senden Sie noch einmal.
form-error-links = Der Text sieht aus wie Werbung, zum Beispiel wegen vieler Links oder Wiederholungen. Bitte ändern Sie ihn und senden Sie noch einmal.
form-error-wait = { $minutes ->
    [one] Von Ihrem Anschluss kamen schon viele Nachrichten. Bitte warten Sie eine Minute, Ihr Text steht noch da.
   *[other] Von Ihrem Anschluss kamen schon viele Nachrichten. Bitte warten Sie { $minutes } Minuten, Ihr Text steht noch da.
}
form-phone-line = Telefon: { $phone }
form-confirmation-subject = Ihre Nachricht an { $name } ist angekommen
form-confirmation-text =
    Guten Tag,

    Ihre Nachricht ist bei uns angekommen. Wir antworten Ihnen an diese Adresse.

    Haben Sie uns nicht geschrieben? Dann hat jemand Ihre Adresse in unser Formular eingetragen. Sie müssen nichts tun; weitere Bestätigungen kommen heute nicht.

    { $name }

    Diese E-Mail wurde automatisch verschickt.
