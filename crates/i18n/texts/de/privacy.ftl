### Die Mauer zwischen öffentlichem Profil und Kontakt, und die Tür darin.

wall-shut = Nicht verknüpft
wall-open = Verknüpft, mit Grund
wall-profile = Öffentliches Profil
wall-profile-small = was alle sehen
wall-contact = Kontakt
wall-contact-small = was wir als Firma wissen
wall-nobody = Dieses Gespräch gehört zu keinem Kontakt und zu keinem öffentlichen Profil.
wall-shut-profile = Wer hinter dem Profil steht, ist hier nicht bekannt. Zeitstrahl und Adressen erscheinen erst mit einem Grund.
wall-shut-contact = Ob dieser Mensch auch öffentlich schreibt, ist hier nicht bekannt. Profile erscheinen erst mit einem Grund.
wall-reason = Warum?
wall-why = Tresen rät nicht und deutet nichts an. Gleiche Namen und Adressen bedeuten hier nichts; verknüpft wird nur mit Einwilligung oder wenn der Mensch es selbst gesagt hat (Art. 6 DSGVO).
wall-consent = Hat eingewilligt
wall-consent-hint = Wir haben gefragt, die Zusage liegt vor
wall-disclosure = Hat es uns selbst gesagt
wall-disclosure-hint = Eine Stelle im Gespräch belegt es

ground-consent = Einwilligung
ground-disclosure = Eigene Angabe
ground-line = { $ground }, eingetragen am { $date } von { $name }
ground-proof = Nachweis
ground-close = Trennen

link-title-contact = Kontakt wählen
link-title-profile = Öffentliches Profil wählen
link-lead-contact = Mit welchem Kontakt wird das gewählte Profil verknüpft? Gesucht wird nur unter den Kontakten.
link-lead-profile = Mit welchem öffentlichen Profil wird der gewählte Kontakt verknüpft? Gesucht wird nur unter den Profilen.
link-ground = Grund
link-wording = Wortlaut
link-wording-consent-hint = Wozu wurde gefragt und wie lautete die Zusage? Die Einwilligung muss sich nachweisen lassen (Art. 7 Abs. 1 DSGVO).
link-wording-disclosure-hint = Was hat der Mensch gesagt? Am besten wörtlich.
link-proof = Nachweis
link-proof-none = Keine Nachricht in Tresen
link-search = Suchen
link-submit = Verknüpfen
link-choose = Bitte suchen Sie und wählen Sie jemanden aus.

error-link-wording = Bitte schreiben Sie den Wortlaut in mindestens acht Zeichen auf.
error-link-proof = Diese Nachricht gehört zu keiner der beiden Seiten.
error-link-proof-missing = Für diesen Grund braucht es die Nachricht, in der es steht. Wählen Sie sie hier aus; ein Telefonat oder einen Brief halten Sie zuerst als Gespräch fest.

said-link-opened = Verknüpft. Der Grund steht dabei.
said-link-closed = Getrennt.

audit-action-link-opened = hat Profil und Kontakt verknüpft
audit-action-link-closed = hat Profil und Kontakt getrennt
