// Feeds as they come: every format, found from a page, in the wrong charset, broken, moved, silent, busy, gone.
import { createServer } from 'node:http';
import { assertAccessible } from '../lib/axe.mjs';
import { HOME, marker, setUp } from '../lib/company.mjs';
import { expect, test } from '../lib/test.mjs';

const latin1 = (text) => Buffer.from(text, 'latin1');

/** What stands at which path; `word` is in every text, so that the search finds them and nothing else. */
function formats(word) {
  const text = `Der Röster ${word} hat geöffnet.`;
  return [
    ['rss-091', 'text/xml', `<rss version="0.91"><channel><title>Alt</title><item><title>Aus 0.91</title><link>https://a.example/1</link><description>${text}</description></item></channel></rss>`],
    ['rss-2', 'application/rss+xml', `<rss version="2.0"><channel><title>Neu</title><item><guid>g1</guid><title>Aus 2.0</title><description>&lt;p&gt;${text}&lt;/p&gt;&lt;script&gt;boese()&lt;/script&gt;</description><pubDate>Mo, 30 Nov 2026 09:00:00 +0100</pubDate></item></channel></rss>`],
    ['rdf', 'application/rdf+xml', `<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"><channel rdf:about="https://b.example/"><title>RDF</title></channel><item rdf:about="https://b.example/1"><title>Aus RDF</title><link>https://b.example/1</link><description>${text}</description></item></rdf:RDF>`],
    ['atom', 'application/atom+xml', `<feed xmlns="http://www.w3.org/2005/Atom"><title>Atom</title><entry><id>urn:1</id><title>Aus Atom</title><content type="html">${text}</content><updated>2026-11-01T10:00:00Z</updated></entry></feed>`],
    ['json', 'application/feed+json', JSON.stringify({ version: 'https://jsonfeed.org/version/1.1', title: 'JSON', items: [{ id: '1', title: 'Aus JSON', content_text: text }] })],
    ['podcast', 'application/rss+xml', `<rss version="2.0" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"><channel><title>Podcast</title><item><guid>p1</guid><title>Folge 1</title><itunes:summary>${text}</itunes:summary><enclosure url="https://c.example/1.mp3" length="1" type="audio/mpeg"/></item></channel></rss>`],
    // It says UTF-8 and is not; it is cut off in the middle of the second item; an entity that nobody declared.
    ['wrong-charset', 'text/xml; charset=utf-8', latin1(`<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel><title>Latin</title><item><guid>l1</guid><title>Aus Latin-1</title><description>${text}</description></item></channel></rss>`)],
    ['broken', 'text/xml', `<rss version="2.0"><channel><title>Kaputt &nbsp;</title><item><guid>k1</guid><title>Aus Kaputtem</title><description>${text} &copy; & mehr</description></item><item><guid>k2</guid><title>Halb`],
  ];
}

/** A website whose answers the test changes as it goes; counts what was asked. */
async function website() {
  const answers = new Map();
  const asked = new Map();
  const server = createServer((request, response) => {
    const path = request.url.split('?')[0];
    asked.set(path, (asked.get(path) ?? 0) + 1);
    const answer = answers.get(path) ?? { status: 404 };
    if (answer.hangs) return;
    response.writeHead(answer.status ?? 200, answer.headers).end(answer.body ?? '');
  });
  await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
  const url = `http://127.0.0.1:${server.address().port}`;
  return {
    url,
    says: (path, answer) => answers.set(path, answer),
    asked: (path) => asked.get(path) ?? 0,
    close: () => new Promise((closed) => server.close(closed) && server.closeAllConnections()),
  };
}

async function connect(page, server, url) {
  await page.goto(`${server.url}${HOME}/settings/channels/new/feed`);
  await page.getByLabel('Adresse der Seite oder des Feeds').fill(url);
  await page.getByRole('button', { name: 'Verbindung prüfen und verbinden' }).click();
}

async function connected(page, server, url) {
  await connect(page, server, url);
  await expect(page.getByText('Konto verbunden.')).toBeVisible();
  await expect(page.locator('#state')).toContainText('Alles läuft.', { timeout: 20_000 });
  return page.url();
}

/** An account that goes on after a pause is asked at once. */
async function lookNow(page, account) {
  await page.goto(account);
  await page.getByRole('button', { name: 'Pausieren' }).click();
  await page.getByRole('button', { name: 'Fortsetzen' }).click();
}

test('feeds of every kind arrive whole, and what a site answers otherwise is said in plain words', async ({ page, launch }) => {
  test.setTimeout(180_000);
  const server = await launch({ config: { TRESEN_ALLOW_PRIVATE: '127.0.0.0/8' } });
  const site = await website();
  const word = marker();
  try {
    await setUp(page, server);

    await test.step('every format', async () => {
      const kinds = formats(word);
      for (const [name, type, body] of kinds) {
        site.says(`/${name}`, { headers: { 'content-type': type }, body });
        await connected(page, server, `${site.url}/${name}`);
      }
      await page.goto(`${server.url}${HOME}/search?in=posts&q=${encodeURIComponent(`"Röster ${word}" geöffnet`)}`);
      const found = page.locator('main');
      for (const title of ['Aus 0.91', 'Aus 2.0', 'Aus RDF', 'Aus Atom', 'Aus JSON', 'Folge 1', 'Aus Latin-1', 'Aus Kaputtem']) {
        await expect(found).toContainText(title);
      }
      await expect(found).not.toContainText('boese');
    });

    await test.step('found from the page that a person knows', async () => {
      site.says('/blog', { headers: { 'content-type': 'text/html' }, body: '<title>Blog</title><link rel="alternate" type="application/rss+xml" href="/blog/feed">' });
      site.says('/blog/feed', { headers: { 'content-type': 'application/rss+xml' }, body: `<rss version="2.0"><channel><title>Das Blog</title><item><guid>b1</guid><title>Vom Blog ${word}</title></item></channel></rss>` });
      await connected(page, server, `${site.url}/blog`);
      await page.goto(`${server.url}${HOME}/search?in=posts&q=${encodeURIComponent(`"Vom Blog ${word}"`)}`);
      await expect(page.locator('main mark', { hasText: word })).toBeVisible();
    });

    await test.step('moved for good: asked at its new address from then on', async () => {
      const moved = await connected(page, server, `${site.url}/rss-2?ort=alt`);
      site.says('/neu', { headers: { 'content-type': 'application/rss+xml' }, body: '<rss version="2.0"><channel><title>N</title><item><guid>n1</guid><title>Neu</title></item></channel></rss>' });
      site.says('/rss-2', { status: 301, headers: { location: '/neu' } });
      await lookNow(page, moved);
      await expect(async () => {
        await page.reload();
        await expect(page.locator('main')).toContainText(`${site.url}/neu`, { timeout: 500 });
      }).toPass({ timeout: 20_000 });
    });

    await test.step('asked to wait: waits, and says until when', async () => {
      const busy = await connected(page, server, `${site.url}/rdf?voll`);
      site.says('/rdf', { status: 429, headers: { 'retry-after': '7200' } });
      await lookNow(page, busy);
      await expect(page.locator('#state')).toContainText('bittet um eine Pause von 120 Minuten', { timeout: 20_000 });
      // A whole connecting and reading later it has not been asked again.
      const before = site.asked('/rdf');
      await connected(page, server, `${site.url}/atom?danach`);
      expect(site.asked('/rdf')).toBe(before);
    });

    await test.step('gone: never asked again, what came stays', async () => {
      const gone = await connected(page, server, `${site.url}/json?ende`);
      site.says('/json', { status: 410 });
      await lookNow(page, gone);
      await expect(page.locator('#state')).toContainText('endgültig abgeschaltet', { timeout: 20_000 });
      await assertAccessible(page, 'account of a feed that is gone');
      const before = site.asked('/json');
      await connected(page, server, `${site.url}/atom?spaeter`);
      expect(site.asked('/json')).toBe(before);
      await page.goto(`${server.url}${HOME}/search?in=posts&q=${word}`);
      await expect(page.locator('main')).toContainText('Aus JSON');
    });

    await test.step('a site that never answers slows no other', async () => {
      const silent = await connected(page, server, `${site.url}/broken?stumm`);
      site.says('/broken', { hangs: true });
      const asked = site.asked('/broken');
      await lookNow(page, silent);
      await expect.poll(() => site.asked('/broken')).toBeGreaterThan(asked);
      await connected(page, server, `${site.url}/podcast?nebenher`);
    });

    await test.step('what is no feed is refused with what to do', async () => {
      site.says('/nichts', { headers: { 'content-type': 'text/html' }, body: '<p>Hier ist kein Feed.</p>' });
      for (const [url, why] of [[`${site.url}/nichts`, 'nicht zu verstehen'], [`${site.url}/fehlt`, '404'], ['http://10.0.0.1/feed', 'nicht öffentlich']]) {
        await connect(page, server, url);
        await expect(page.getByRole('alert')).toContainText(why);
        await expect(page.getByLabel('Adresse der Seite oder des Feeds')).toHaveValue(url);
      }
    });
  } finally {
    await site.close();
  }
});
