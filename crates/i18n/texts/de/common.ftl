### Wörter, die überall vorkommen.

-brand = Tresen

app-name = { -brand }

common-save = Speichern
common-cancel = Abbrechen
common-close = Schließen
common-back = Zurück
common-delete = Löschen
common-undo = Rückgängig
common-edit = Bearbeiten
common-add = Hinzufügen
common-search = Suchen
common-more = Mehr
common-yes = Ja
common-no = Nein
