// Turns the figures of `./bench` (JSON lines) into docs/performance.md.
import { readFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';

const figures = readFileSync(process.argv[2], 'utf8').split('\n').filter(Boolean).map((line) => JSON.parse(line));
const of = (bench, more = {}) => figures.filter((f) => f.bench === bench && Object.entries(more).every(([key, value]) => String(f[key]) === String(value)));
const engineName = { sqlite: 'SQLite', postgres: 'PostgreSQL' };
const number = (n) => Math.round(n).toLocaleString('en');
const ms = (n) => (n >= 100 ? n.toFixed(0) : n.toFixed(1));
const met = (good) => (good ? 'met' : '**missed**');
const table = (head, rows) => [`| ${head.join(' | ')} |`, `|${head.map(() => '---').join('|')}|`, ...rows.map((row) => `| ${row.join(' | ')} |`)].join('\n');
const out = [];

out.push(`# Performance

Written by \`./bench\`; do not edit. Machine: ${cpus().length} cores (${cpus()[0].model.trim()}), ${Math.round(totalmem() / 2 ** 30)} GiB, everything on it: program, database,
load generator, browser. Release build. Ratios are of one run; absolute figures change with the machine.`);

out.push(`## Ingest

\`tresen bench ingest\`: generated posts (50–300 characters, 40 blogs with 25 authors each) and mails (100–600 characters, 2,000 senders, every third answers an
earlier one) go through the whole intake: language, search document, 50 watches, authors, threading, contacts, events, one transaction a slice, from two sources at the
same time. Against it: the very rows it wrote, put into a fresh store by plain multi-row inserts, as many items a transaction, same durability, same full-text index, one
after the other. Median of the rounds. Goal: at least 60 %.`);
out.push(table(['', 'store', 'pipeline, items/s', 'plain inserts, items/s', 'ratio', 'items a transaction', 'rows an item', ''],
  of('ingest').map((f) => [f.what, engineName[f.engine], number(f.pipeline_per_s), number(f.raw_per_s), `${Math.round(f.ratio * 100)} %`, f.shape.per_transaction, (f.shape.rows / f.items).toFixed(1), met(f.ratio >= 0.6)])));

const matches = of('match');
if (matches.length) {
  out.push(`## Matching

\`tresen bench match\`: posts of 50–300 characters, four of five naming a brand, are tokenised and asked of so many watches at once (five to a brand: names, products, tags
and competitors beside common words, NEAR, excluded phrases, languages; 5 % broad topics). *Tokenise*: without any watch. *One by one*: each watch asked of each post (of as many
posts as make 20 million pairs); both find the same, or the run ends with an error. Memory: what the compiled watches add. Goals: 400,000 posts/s with 1,000 watches, 100,000 with
100,000; 100,000 watches compiled in 1 s and 40 MB; ×1.9 on two threads.`);
  out.push(table(['watches', 'posts/s, one thread', 'tokenise, posts/s', 'two threads', 'one by one, posts/s', 'hits a post', 'compiled in', 'memory', ''],
    matches.map((f) => [number(f.searches), number(f.posts_per_s), number(f.tokenise_per_s), `×${f.two_threads.toFixed(2)}`, number(f.naive_per_s), f.hits_per_post.toFixed(1), `${number(f.compile_ms)} ms`, `${ms(f.memory_mb)} MB`,
      f.searches === 1_000 ? met(f.posts_per_s >= 400_000) : f.searches === 100_000 ? met(f.posts_per_s >= 100_000 && f.compile_ms <= 1_000 && f.memory_mb <= 40) : ''])));
}

const loads = of('load');
out.push(`## Pages with ${number(loads[0]?.conversations ?? 0)} conversations

\`tresen bench fill\` writes the conversations (three years, 2 % of the newest tenth open, every hundredth with 20 messages); \`tresen bench load\` is 200 agents who each
open a list (mine, unassigned, all, done, snoozed) or a conversation every 5 seconds and hold the live stream open. *Server*: the program's own time for the whole page
(\`Server-Timing\`). *Whole*: from sending to the last byte at the load generator, on the same two cores. Cold: the first 20 s after a start${of('load', { state: 'cold' })[0]?.cold === 'caches dropped' ? ' with the file cache dropped' : ''}. Warm: after the\nstore's files were read once, so that they are in the machine's cache. Goal: p99 below 10 ms at the server, warm.`);
out.push(table(['store', '', 'page', 'requests', 'failed', 'server p50', 'server p99', 'whole p50', 'whole p99', ''],
  loads.map((f) => [engineName[f.engine], f.state, f.page, number(f.requests), f.failed, `${ms(f.server_ms.p50)} ms`, `${ms(f.server_ms.p99)} ms`, `${ms(f.whole_ms.p50)} ms`, `${ms(f.whole_ms.p99)} ms`, f.state === 'warm' ? met(f.server_ms.p99 < 10) : ''])));

const searches = of('search');
if (searches.length) {
  out.push(`## Search

The search page with ${number(searches[0].conversations)} conversations, one reader, 40 times each (\`latency.py\`, see below): a word that stands in
three of four messages, one in every 240th, one in every 2,700th, one in none, and the first beside the third. There are a little over two messages a conversation.`);
  out.push(table(['store', 'searched', 'p50', 'p95'], searches.map((f) => [engineName[f.engine], f.word, `${f.p50} ms`, `${f.p95} ms`])));
}

const alone = of('alone');
if (alone.length) {
  out.push(`## Beside another help desk

One reader, one request after the other, measured by the same program (\`e2e/peers/helpdesk-baseline/latency.py\`, 100 times each): Tresen on SQLite with ${number(alone.find((f) => f.system === 'tresen')?.conversations ?? 0)}
conversations, django-helpdesk 2.6 on SQLite with 10,000 tickets (its list is two requests). First line the list, second one conversation or ticket.`);
  out.push(table(['system', 'rows', 'page', 'p50', 'p95'], alone.map((f, n) => [f.system, number(f.conversations), n % 2 ? 'one' : 'list', `${f.p50} ms`, `${f.p95} ms`])));
}

const [screen] = of('screen');
if (screen) out.push(`## Next conversation on screen

\`node e2e/bench/screen.mjs\`: Chromium with the demo company, the key \`j\` pressed ${screen.steps} times, 0.7 s apart; from the key to the frame after the new conversation is in the page:
**p50 ${screen.p50} ms, p95 ${screen.p95} ms**, longest ${screen.max} ms. Goal: below 50 ms: ${met(screen.p95 < 50)} (p95).`);

const [idle] = of('idle');
if (idle) out.push(`## At rest

\`node e2e/bench/idle.mjs\`: an empty \`serve\` on SQLite.

${table(['', '', 'goal', ''], [
  ['start to first answer, new folder (median of 9)', `${idle.start_new_ms} ms`, '< 300 ms', met(idle.start_new_ms < 300)],
  ['start to first answer, existing folder (median of 9)', `${idle.start_again_ms} ms`, '< 300 ms', met(idle.start_again_ms < 300)],
  ['resident memory after 60 s', `${idle.rss_mb} MB`, '< 60 MB', met(idle.rss_mb < 60)],
  ['the program on disk', `${idle.binary_mb} MB`, '', ''],
])}`);
console.log(out.join('\n\n'));
