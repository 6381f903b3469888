### Beobachten: Beobachtungen, Treffer, Probe im Archiv, Suche im Archiv.

listen-title = Beobachten
listen-lead = Worauf Tresen in öffentlichen Beiträgen achtet, und was es gefunden hat.
listen-watches = Beobachtungen
listen-watch = Beobachtung
listen-new = Neue Beobachtung
listen-none = Noch keine Beobachtung
listen-kind = Art
listen-hits = Treffer
listen-week = in 7 Tagen
listen-total = { $count ->
    [zero] noch kein Treffer
    [one] { $count } Treffer
   *[other] { $count } Treffer
}
listen-empty = Noch keine Beobachtung
listen-empty-detail = Eine Beobachtung ist eine Suche mit einem Namen. Jeder öffentliche Beitrag, der hereinkommt, wird mit ihr verglichen; was passt, steht hier als Treffer.
listen-connect-feed = Einen Feed verbinden
listen-query = Suche dieser Beobachtung
listen-archived = Diese Beobachtung ist beendet. Was sie gefunden hat, bleibt lesbar.
listen-resume = Fortsetzen
listen-ended = Beendet
listen-no-hits = Noch kein Treffer
listen-no-hits-detail = Neue Beiträge erscheinen hier von selbst. Mit „Im Archiv nachsehen“ werden auch ältere geprüft.
listen-newest = Zu den neuesten Treffern
listen-back = Zurück zu den Beobachtungen
listen-older = Ältere anzeigen
listen-profile = Profil
listen-conversation = Zum Gespräch
listen-converse = Gespräch daraus machen
listen-archive = Archiv durchsuchen
listen-archive-label = Suche in allen gespeicherten Beiträgen
listen-archive-lead = Alle gespeicherten öffentlichen Beiträge. Was keine Beobachtung trifft, bleibt 30 Tage.
listen-archive-hint = Wörter finden auch ihre anderen Formen. Anführungszeichen suchen genau; since:2026-01-01 und until:2026-01-31 begrenzen die Zeit.
listen-archive-none = Nichts gefunden
listen-archive-none-detail = Versuchen Sie weniger Wörter oder ein Wort mit Stern am Ende, zum Beispiel liefer*.
listen-archive-cut = Die Suche hat hier angehalten, damit es nicht zu lange dauert. „Ältere anzeigen“ sucht weiter.
listen-post = Öffentlicher Beitrag
listen-post-cut = Der Beitrag war sehr lang; der Rest steht nur im Original.

watch-kind-brand = Eigene Marke
watch-kind-product = Produkt
watch-kind-competitor = Wettbewerb
watch-kind-topic = Thema
watch-kind-person = Person
watch-group-brand = Eigene Marke
watch-group-product = Produkte
watch-group-competitor = Wettbewerb
watch-group-topic = Themen
watch-group-person = Personen

backfill-title = Blick ins Archiv
backfill-start = Im Archiv nachsehen
backfill-hint = Prüft alle gespeicherten Beiträge und nimmt die passenden als Treffer auf.
backfill-running = { $found ->
    [zero] { $done } von { $total } Beiträgen geprüft, noch kein Treffer
    [one] { $done } von { $total } Beiträgen geprüft, { $found } Treffer
   *[other] { $done } von { $total } Beiträgen geprüft, { $found } Treffer
}
backfill-done = { $found ->
    [zero] Archiv geprüft: { $done } Beiträge, kein neuer Treffer.
    [one] Archiv geprüft: { $done } Beiträge, { $found } neuer Treffer.
   *[other] Archiv geprüft: { $done } Beiträge, { $found } neue Treffer.
}
backfill-stopped = Der Blick ins Archiv wurde beendet, weil sich die Beobachtung geändert hat.

editor-label = Beobachtung bearbeiten
editor-query = Suche
editor-hint = Mehrere Wörter: alle müssen vorkommen. Großbuchstaben: ODER, NICHT, NEAR/5.
editor-try = Am Archiv ausprobieren
editor-archive = Beobachtung beenden
editor-help = So sucht man
editor-or = ODER
editor-help-and = beide Wörter, irgendwo
editor-help-or = eines von beiden genügt
editor-help-not = ohne Beiträge, in denen „job“ steht
editor-help-phrase = genau diese Wörter nebeneinander
editor-help-near = höchstens 5 Wörter dazwischen
editor-help-prefix = alles, was so beginnt
editor-help-tag = Schlagwort und öffentlicher Name, mit Zeichen
editor-help-field = nur deutsche Beiträge, nur von dieser Website

trial-title = Probe im Archiv
trial-found = Treffer, 30 Tage
trial-per-day = je Tag
trial-at-least = mindestens { $number }
trial-chart = Treffer je Tag in den letzten 30 Tagen
trial-canonical = So wird die Suche verstanden:
trial-nothing = In den letzten 30 Tagen hätte diese Suche nichts gefunden.
trial-waiting = Sobald hier eine Suche steht, zeigt die Probe, was sie in den letzten 30 Tagen gefunden hätte.
trial-wrong = Die Probe läuft, sobald die Fehler behoben sind.

query-place = Zeile { $line }, Zeichen { $at }.
query-nearest = Meinten Sie „{ $nearest }“?
query-fix = Stattdessen: { $fix }

query-error-empty = Die Suche ist leer. Sie braucht mindestens ein Wort oder ein Feld.
query-error-too-long = Die Suche ist mit { $bytes } Byte zu lang, erlaubt sind { $limit }.
query-error-too-many-terms = Die Suche hat mehr als { $limit } Begriffe. Bitte verteilen Sie sie auf mehrere Beobachtungen.
query-error-too-deep = Mehr als { $limit } Klammern stecken ineinander. Bitte verteilen Sie die Suche auf mehrere Beobachtungen.
query-error-unclosed-quote = Dieses Anführungszeichen wird nicht geschlossen.
query-error-unclosed-brace = Die genaue Form wird nicht mit einer geschweiften Klammer geschlossen.
query-error-unclosed-parenthesis = Diese Klammer wird nicht geschlossen.
query-error-unmatched-parenthesis = Diese Klammer schließt nichts.
query-error-empty-parentheses = Zwischen diesen Klammern steht nichts.
query-error-missing-left-side = Vor diesem Wort fehlt etwas. Ist es als Wort gemeint, setzen Sie es in Anführungszeichen.
query-error-missing-right-side = Nach diesem Wort fehlt etwas. Ist es als Wort gemeint, setzen Sie es in Anführungszeichen.
query-error-no-token = Darin ist kein Buchstabe, keine Ziffer und kein Emoji, nach dem gesucht werden könnte.
query-error-lone-dash = Ein Minus verneint nur direkt vor einem Wort und nach einem Leerzeichen.
query-error-nothing-positive = Das träfe fast alles. Neben einer Verneinung muss etwas stehen, das vorkommen soll.
query-error-nothing-positive-in-branch = Dieser Teil des ODER träfe fast alles. Er braucht etwas, das vorkommen soll.
query-error-nothing-positive-in-member = Dieses Glied von AT LEAST träfe fast alles. Es braucht etwas, das vorkommen soll.
query-error-double-negation = Eine verneinte Verneinung. Schreiben Sie, was vorkommen soll.
query-error-leading-star = Ein Stern darf nicht am Anfang stehen: jedes Wort jedes Beitrags müsste geprüft werden. Zählen Sie die Wörter mit ODER auf.
query-error-inner-star = Ein Stern steht nur am Wortende. Für ein einzelnes Zeichen gibt es das Fragezeichen.
query-error-double-star = Ein Stern genügt.
query-error-lone-star = Ein Stern allein steht nur in Anführungszeichen, für genau ein Wort zwischen zwei anderen.
query-error-star-at-quote-edge = In Anführungszeichen steht ein Stern zwischen zwei Wörtern, nicht am Rand.
query-error-short-prefix = Vor dem Stern müssen mindestens zwei Zeichen stehen.
query-error-star-in-exact = In einer genauen Form ist der Stern kein Platzhalter.
query-error-leading-question-mark = Ein Fragezeichen steht für ein Zeichen hinter einem anderen, nie am Wortanfang.
query-error-question-mark-in-exact = In einer genauen Form ist das Fragezeichen kein Platzhalter.
query-error-wildcard-in-field = Das Feld { $field } vergleicht ganze Werte. Stern und Fragezeichen gehen nur im Text und in title: und url:.
query-error-url-in-text = Links zählen nicht als Text. Suchen Sie Wörter daraus mit url: oder die Website mit site:.
query-error-near-number = Der Abstand von NEAR ist eine ganze Zahl von 0 bis { $limit }.
query-error-near-not = Neben NEAR steht ein Wort, eine Wortgruppe oder eine ODER-Gruppe, keine Verneinung. Verneinen Sie das Ganze.
query-error-near-and = Neben NEAR steht ein Wort, eine Wortgruppe oder eine ODER-Gruppe, kein UND. Schreiben Sie für jedes Wort ein eigenes NEAR.
query-error-near-field = Neben NEAR steht ein Wort, eine Wortgruppe oder eine ODER-Gruppe, kein Feld. Stellen Sie das Feld daneben.
query-error-near-count = Neben NEAR steht ein Wort, eine Wortgruppe oder eine ODER-Gruppe, kein COUNT. Stellen Sie es daneben.
query-error-near-at-least = Neben NEAR steht ein Wort, eine Wortgruppe oder eine ODER-Gruppe, kein AT LEAST. Stellen Sie es daneben.
query-error-near-near = Neben NEAR darf kein weiteres NEAR stehen. Verbinden Sie zwei NEAR mit UND.
query-error-at-least-form = Auf AT LEAST folgen eine Zahl und Glieder in Klammern: AT LEAST 2 (a, b, c).
query-error-at-least-number = AT LEAST braucht eine Zahl von 1 bis zur Zahl der verschiedenen Glieder, hier { $members }.
query-error-empty-member = Ein Glied von AT LEAST ist leer. Bitte streichen Sie das Komma.
query-error-stray-comma = Ein Komma trennt nur Glieder von AT LEAST. Als Text gehört es in Anführungszeichen.
query-error-count-form = Auf COUNT folgen ein Begriff in Klammern und ein Vergleich: COUNT(a) >= 3.
query-error-count-term = COUNT zählt ein Wort, ein Schlagwort, ein Emoji, einen Wortanfang, eine genaue Form oder eine Wortgruppe.
query-error-count-of-nothing = Schon null Vorkommen würden genügen. Nehmen Sie >=, > oder = und verneinen Sie mit NICHT.
query-error-unknown-field = Ein Feld mit diesem Namen gibt es nicht. Ist es Text, setzen Sie es in Anführungszeichen.
query-error-missing-value = Nach dem Feld { $field } fehlt der Wert, direkt hinter dem Doppelpunkt.
query-error-bad-value-list = „{ $value }“ ist kein Wert von { $field }. Möglich sind: { $list }.
query-error-bad-value-language = „{ $value }“ ist kein Wert von { $field }. Erwartet werden zwei Buchstaben wie de, oder unknown.
query-error-bad-value-country = „{ $value }“ ist kein Wert von { $field }. Erwartet werden zwei Buchstaben wie AT.
query-error-bad-value-number = „{ $value }“ ist kein Wert von { $field }. Erwartet wird eine ganze Zahl, auch mit >=, >, <= oder <.
query-error-bad-value-urgency = „{ $value }“ ist kein Wert von { $field }. Erwartet wird eine Zahl von 0 bis 3, auch mit >=, >, <= oder <.
query-error-bad-value-host = „{ $value }“ ist kein Wert von { $field }. Erwartet wird eine Website wie example.com.
query-error-bad-value-date = „{ $value }“ ist kein Wert von { $field }. Erwartet wird ein Tag wie 2026-01-31.
query-error-bad-value-text = „{ $value }“ ist kein Wert von { $field }. Erwartet wird ein Text.
query-error-list-form = In einer Liste von Werten stehen nur Werte mit ODER dazwischen.
query-error-archive-only = Das Feld { $field } gibt es nur in der Suche im Archiv, nicht in einer Beobachtung.
query-error-archive-not-at-top = Das Feld { $field } begrenzt die ganze Suche. Es darf nicht in einem ODER, in AT LEAST oder in einer verneinten Gruppe stehen.
query-error-unknown-watch = Eine Beobachtung „{ $name }“ gibt es nicht.
query-error-cyclic-watch = Die Beobachtung „{ $name }“ führt zu dieser zurück.
query-error-broken-watch = Die Beobachtung „{ $name }“ hat selbst Fehler.
query-error-watch-too-large = Mit der Beobachtung „{ $name }“ wird die Suche zu groß.

error-watch-name = Bitte geben Sie einen Namen mit höchstens 120 Zeichen ein.
error-watch-name-quotes = Der Name darf keine Anführungszeichen enthalten, weil er in Suchen selbst in Anführungszeichen steht.
error-watch-name-taken = So heißt schon eine andere Beobachtung.
error-watch-used = Andere Beobachtungen nennen diese beim Namen: { $names }. Bitte ändern Sie zuerst jene.
error-watch-broken = Die Suche dieser Beobachtung hat Fehler. Bitte beheben Sie sie zuerst.

said-watch-created = Beobachtung angelegt.
said-watch-saved = Beobachtung gespeichert.
said-watch-archived = Beobachtung beendet.
said-watch-resumed = Beobachtung fortgesetzt.
said-backfill-started = Tresen sieht im Archiv nach.
said-hit-converted = Gespräch angelegt.

audit-action-watch-created = hat eine Beobachtung angelegt
audit-action-watch-changed = hat eine Beobachtung geändert
audit-action-watch-archived = hat eine Beobachtung beendet
audit-action-watch-resumed = hat eine Beobachtung fortgesetzt
audit-action-watch-backfill-started = hat im Archiv nachsehen lassen
job-kind-backfill = Im Archiv nachsehen
job-kind-expire-posts = Alte Beiträge löschen
job-overtaken = Ein anderer Prozess hat die Arbeit übernommen.
job-interrupted = Die Arbeit wurde unterbrochen und geht weiter.
job-payload = Der Auftrag ist nicht lesbar.
