### Listening: watches, hits, the trial on the archive, the archive's search.

listen-title = Listen
listen-lead = What Tresen looks for in public posts, and what it found.
listen-watches = Watches
listen-watch = Watch
listen-new = New watch
listen-none = No watch yet
listen-kind = Kind
listen-hits = Hits
listen-week = Last 7 days
listen-total = { $count ->
    [zero] no hit yet
    [one] { $count } hit
   *[other] { $count } hits
}
listen-empty = No watch yet
listen-empty-detail = A watch is a search with a name. Every public post that comes in is compared with it; what fits is shown here as a hit.
listen-connect-feed = Connect a feed
listen-query = Query of this watch
listen-archived = This watch has ended. What it found stays readable.
listen-resume = Resume
listen-ended = Ended
listen-no-hits = No hit yet
listen-no-hits-detail = New posts appear here by themselves. “Look through the archive” checks older ones too.
listen-newest = To the newest hits
listen-back = Back to the watches
listen-older = Show older
listen-profile = Profile
listen-conversation = Go to the conversation
listen-converse = Turn into a conversation
listen-archive = Search the archive
listen-archive-label = Search in all stored posts
listen-archive-lead = All stored public posts. Posts that match no watch are kept for 30 days.
listen-archive-hint = Other forms of a word are found too. Quotation marks search for the exact words; since:2026-01-01 and until:2026-01-31 limit the time.
listen-archive-none = Nothing found
listen-archive-none-detail = Try fewer words, or a word with a star at its end, for example deliver*.
listen-archive-cut = The search has paused here so that it does not take too long. “Show older” goes on.
listen-post = Public post
listen-post-cut = The post was very long; the rest is only in the original.

watch-kind-brand = Own brand
watch-kind-product = Product
watch-kind-competitor = Competitor
watch-kind-topic = Topic
watch-kind-person = Person
watch-group-brand = Own brand
watch-group-product = Products
watch-group-competitor = Competitors
watch-group-topic = Topics
watch-group-person = People

backfill-title = A look through the archive
backfill-start = Look through the archive
backfill-hint = Checks all stored posts and adds those that match as hits.
backfill-running = { $found ->
    [zero] { $done } of { $total } posts checked, no hit yet
    [one] { $done } of { $total } posts checked, { $found } hit
   *[other] { $done } of { $total } posts checked, { $found } hits
}
backfill-done = { $found ->
    [zero] Archive checked: { $done } posts, no new hit.
    [one] Archive checked: { $done } posts, { $found } new hit.
   *[other] Archive checked: { $done } posts, { $found } new hits.
}
backfill-stopped = The look through the archive was ended because the watch has changed.

editor-label = Edit watch
editor-query = Query
editor-hint = Several words: all of them must occur. In capitals: OR, NOT, NEAR/5.
editor-try = Test on the archive
editor-archive = End this watch
editor-help = How to search
editor-or = OR
editor-help-and = both words, anywhere
editor-help-or = one of the two is enough
editor-help-not = without posts that say “job”
editor-help-phrase = exactly these words next to each other
editor-help-near = at most 5 words between
editor-help-prefix = anything that starts like this
editor-help-tag = tag and handle, with their sign
editor-help-field = only German posts, only from this site

trial-title = Test on the archive
trial-found = Hits, 30 days
trial-per-day = Per day
trial-at-least = at least { $number }
trial-chart = Hits a day over the last 30 days
trial-canonical = This is how the query is understood:
trial-nothing = In the last 30 days this query would have found nothing.
trial-waiting = As soon as there is a query, the trial shows what it would have found in the last 30 days.
trial-wrong = The trial runs as soon as the errors are gone.

query-place = Line { $line }, character { $at }.
query-nearest = Did you mean “{ $nearest }”?
query-fix = Instead: { $fix }

query-error-empty = The query is empty. It needs at least one word or field.
query-error-too-long = The query is too long with { $bytes } bytes; { $limit } are allowed.
query-error-too-many-terms = The query has more than { $limit } terms. Please split it into several watches.
query-error-too-deep = More than { $limit } parentheses are nested. Please split the query into several watches.
query-error-unclosed-quote = This quote is never closed.
query-error-unclosed-brace = The exact form is never closed with a brace.
query-error-unclosed-parenthesis = This parenthesis is never closed.
query-error-unmatched-parenthesis = This parenthesis closes nothing.
query-error-empty-parentheses = There is nothing between these parentheses.
query-error-missing-left-side = Something is missing before this word. If it is meant as a word, put it in quotes.
query-error-missing-right-side = Something is missing after this word. If it is meant as a word, put it in quotes.
query-error-no-token = This holds no letter, digit or emoji that could be searched for.
query-error-lone-dash = A dash negates only directly before a word and after a blank.
query-error-nothing-positive = This would match almost everything. Beside a negation something must stand that shall occur.
query-error-nothing-positive-in-branch = This branch of OR would match almost everything. It needs something that shall occur.
query-error-nothing-positive-in-member = This member of AT LEAST would match almost everything. It needs something that shall occur.
query-error-double-negation = A negated negation. Write what shall occur.
query-error-leading-star = A star cannot stand first: every word of every post would have to be checked. Name the words with OR.
query-error-inner-star = A star stands only at a word's end. For one character there is the question mark.
query-error-double-star = One star is enough.
query-error-lone-star = A star alone stands only in quotes, for exactly one word between two others.
query-error-star-at-quote-edge = In quotes a star stands between two words, not at the edge.
query-error-short-prefix = At least two characters must stand before the star.
query-error-star-in-exact = In an exact form the star is no wildcard.
query-error-leading-question-mark = A question mark stands for a character after another one, never at a word's beginning.
query-error-question-mark-in-exact = In an exact form the question mark is no wildcard.
query-error-wildcard-in-field = The field { $field } compares whole values. Star and question mark work only in text and in title: and url:.
query-error-url-in-text = Links do not count as text. Search for their words with url: or for the site with site:.
query-error-near-number = The distance of NEAR is a whole number from 0 to { $limit }.
query-error-near-not = Beside NEAR stands a word, a phrase or an OR group, no negation. Negate the whole.
query-error-near-and = Beside NEAR stands a word, a phrase or an OR group, no AND. Write a NEAR for each word.
query-error-near-field = Beside NEAR stands a word, a phrase or an OR group, no field. Put the field next to it.
query-error-near-count = Beside NEAR stands a word, a phrase or an OR group, no COUNT. Put it next to it.
query-error-near-at-least = Beside NEAR stands a word, a phrase or an OR group, no AT LEAST. Put it next to it.
query-error-near-near = Beside NEAR no other NEAR may stand. Join two NEAR with AND.
query-error-at-least-form = AT LEAST is followed by a number and members in parentheses: AT LEAST 2 (a, b, c).
query-error-at-least-number = AT LEAST needs a number from 1 to the number of different members, here { $members }.
query-error-empty-member = A member of AT LEAST is empty. Please remove the comma.
query-error-stray-comma = A comma separates members of AT LEAST only. As text it belongs in quotes.
query-error-count-form = COUNT is followed by one term in parentheses and a comparison: COUNT(a) >= 3.
query-error-count-term = COUNT counts one word, tag, emoji, beginning of a word, exact form or phrase.
query-error-count-of-nothing = Zero occurrences would already do. Use >=, > or = and negate with NOT.
query-error-unknown-field = There is no field of this name. If it is text, put it in quotes.
query-error-missing-value = After the field { $field } the value is missing, directly behind the colon.
query-error-bad-value-list = “{ $value }” is no value of { $field }. Possible are: { $list }.
query-error-bad-value-language = “{ $value }” is no value of { $field }. Expected are two letters such as de, or unknown.
query-error-bad-value-country = “{ $value }” is no value of { $field }. Expected are two letters such as AT.
query-error-bad-value-number = “{ $value }” is no value of { $field }. Expected is a whole number, also with >=, >, <= or <.
query-error-bad-value-urgency = “{ $value }” is no value of { $field }. Expected is a number from 0 to 3, also with >=, >, <= or <.
query-error-bad-value-host = “{ $value }” is no value of { $field }. Expected is a site such as example.com.
query-error-bad-value-date = “{ $value }” is no value of { $field }. Expected is a day such as 2026-01-31.
query-error-bad-value-text = “{ $value }” is no value of { $field }. Expected is a text.
query-error-list-form = A list of values holds only values with OR between them.
query-error-archive-only = The field { $field } exists only in the archive's search, not in a watch.
query-error-archive-not-at-top = The field { $field } limits the whole search. It cannot stand in an OR, in AT LEAST or in a negated group.
query-error-unknown-watch = There is no watch “{ $name }”.
query-error-cyclic-watch = The watch “{ $name }” leads back to this one.
query-error-broken-watch = The watch “{ $name }” has errors itself.
query-error-watch-too-large = With the watch “{ $name }” the query grows too large.

error-watch-name = Please enter a name of at most 120 characters.
error-watch-name-quotes = The name cannot hold quotes, because in queries it stands in quotes itself.
error-watch-name-taken = Another watch has this name already.
error-watch-used = Other watches name this one: { $names }. Please change those first.
error-watch-broken = The query of this watch has errors. Please correct them first.

said-watch-created = Watch created.
said-watch-saved = Watch saved.
said-watch-archived = Watch ended.
said-watch-resumed = Watch resumed.
said-backfill-started = Tresen looks through the archive.
said-hit-converted = Conversation opened.

audit-action-watch-created = created a watch
audit-action-watch-changed = changed a watch
audit-action-watch-archived = ended a watch
audit-action-watch-resumed = resumed a watch
audit-action-watch-backfill-started = started a look through the archive
job-kind-backfill = Look through the archive
job-kind-expire-posts = Delete old posts
job-overtaken = Another process has taken the work over.
job-interrupted = The work was interrupted and goes on.
job-payload = The job cannot be read.
