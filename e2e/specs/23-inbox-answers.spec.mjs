// The inbox without any server beside it: the demo's company, its mail leaving through a post office of the test's own. A mail with form; the
// customer writes again; the mail server refuses; the line breaks while an answer is handed over; the connection is lost; no script runs.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import nodemailer from 'nodemailer';
import { signIn } from '../lib/pages.mjs';
import { startDemo } from '../lib/server.mjs';
import { expect, test } from '../lib/test.mjs';

const COMPANY = 'hallo@kaffee-nordwind.example';

/** A mail server that takes, refuses, or hangs up before it has said whether it took. */
function postOffice(port) {
  const office = { mode: 'take', taken: [] };
  const server = createServer((socket) => {
    let buffer = '';
    let inData = false;
    const say = (line) => socket.write(`${line}\r\n`);
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      buffer += chunk;
      for (;;) {
        const end = buffer.indexOf(inData ? '\r\n.\r\n' : '\r\n');
        if (end < 0) return;
        const line = buffer.slice(0, end);
        buffer = buffer.slice(end + (inData ? 5 : 2));
        if (inData) {
          inData = false;
          if (office.mode === 'vanish') return void socket.destroy();
          office.taken.push(line);
          say('250 2.0.0 Taken');
        } else if (/^EHLO/i.test(line)) say('250-post\r\n250-8BITMIME\r\n250 SMTPUTF8');
        else if (/^RCPT/i.test(line) && office.mode === 'refuse') say('550 5.1.1 Kein Briefkasten dieses Namens');
        else if (/^DATA/i.test(line)) {
          inData = true;
          say('354 Go ahead');
        } else if (/^QUIT/i.test(line)) {
          say('221 Bye');
          socket.end();
        } else say('250 OK');
      }
    });
    say('220 post ESMTP');
  });
  office.close = () => new Promise((done) => server.close(done));
  return new Promise((ready) => server.listen(port, '127.0.0.1', () => ready(office)));
}

/** The demo goes on once, with its own post office moved away from the port its accounts send to: there stands ours. */
async function demoWithPostOffice() {
  const first = await startDemo();
  const file = join(first.data, 'demo-ports.json');
  await first.kill();
  const ports = JSON.parse(readFileSync(file, 'utf8'));
  writeFileSync(file, JSON.stringify({ ...ports, smtp: 0 }));
  const office = await postOffice(ports.smtp);
  const server = await startDemo({ data: first.data });
  const door = nodemailer.createTransport({ host: '127.0.0.1', port: ports.lmtp, lmtp: true, secure: false, ignoreTLS: true });
  const stop = async () => {
    door.close();
    await server.stop();
    await office.close();
    rmSync(first.data, { recursive: true, force: true });
  };
  return { server, office, stop, write: async (mail) => (await door.sendMail({ to: COMPANY, ...mail })).messageId };
}

const row = (page, name) => page.locator('#rows .row', { hasText: name });

test('a mail with form; conflict, refusal, doubt, a lost connection, and no script', async ({ browser }) => {
  test.setTimeout(240_000);
  const demo = await demoWithPostOffice();
  const context = await browser.newContext({ baseURL: demo.server.url, locale: 'de-DE', viewport: { width: 1440, height: 900 } });
  const from = { name: 'Frieda Funke', address: 'frieda@funke.example' };
  const subject = 'Mahlgrad für die Filtermaschine';
  const words = 'Gern: mittelgrob, wie grober Sand.';
  try {
    const page = await context.newPage();
    const fromElsewhere = [];
    page.on('request', (request) => request.url().startsWith(demo.server.url) || fromElsewhere.push(request.url()));
    await signIn(page, demo.server.url);
    await page.goto('/nordwind/inbox?view=all');
    await page.mouse.move(1000, 400);
    const figure = page.locator('#views [aria-current] .count');
    const before = Number(await figure.textContent());

    const first = await demo.write({
      from,
      subject,
      text: 'Welcher Mahlgrad?\n\n- grob\n- fein',
      html: '<p>Welcher <b>Mahlgrad</b>?</p><ul><li>grob</li><li>fein</li></ul><img src="https://cdn.example/p.png" alt="Bild der Mühle"><script>document.title = "offen"</script>',
    });
    await test.step('the figure of the view follows what comes in', async () => {
      await expect.poll(async () => Number(await figure.textContent())).toBeGreaterThan(before);
    });

    await test.step('a mail keeps its form, and nothing of it loads or runs', async () => {
      await row(page, from.name).getByRole('link').first().click();
      await expect(page.getByRole('heading', { level: 1, name: subject })).toBeVisible();
      const mail = page.locator('#thread .mail').first();
      await expect(mail.locator('.mail-html li')).toHaveText(['grob', 'fein']);
      await expect(mail.locator('.mail-text')).toBeHidden();
      await expect(mail).toContainText('Ein Bild aus dem Netz wurde nicht geladen.');
      await mail.locator('.mail-views').getByText('Text', { exact: true }).click();
      await expect(mail.locator('.mail-html')).toBeHidden();
      await expect(mail.locator('.mail-text')).toBeVisible();
      expect(fromElsewhere).toEqual([]);
      await expect(page).not.toHaveTitle('offen');
    });

    await test.step('the customer writes again while an answer is written: it is held, text and all', async () => {
      await page.getByLabel('Antwort per E-Mail').fill(words);
      await demo.write({ from, subject: `Re: ${subject}`, text: 'Es eilt übrigens.', inReplyTo: first, references: [first] });
      await expect(page.locator('#thread')).toContainText('Es eilt übrigens.', { timeout: 20_000 });
      await expect(page.locator('#wrote-again')).toBeVisible();
      await page.getByRole('button', { name: 'Privat senden' }).click();
      await expect(page.locator('#composer-error')).toContainText('kam eine neue Nachricht');
      await expect(page.getByLabel('Antwort per E-Mail')).toHaveValue(words);
      expect(demo.office.taken).toEqual([]);
    });

    await test.step('what the mail server refuses comes back into the composer, with the reason', async () => {
      demo.office.mode = 'refuse';
      await page.getByRole('button', { name: 'Trotzdem senden' }).click();
      const refused = page.locator('.mail-foot[data-state=failed]');
      await page.locator('#rows').waitFor();
      if (!(await page.getByRole('heading', { level: 1, name: subject }).isVisible())) await row(page, from.name).getByRole('link').first().click();
      await expect(refused).toContainText('Kein Briefkasten dieses Namens', { timeout: 30_000 });
      await expect(page.getByLabel('Antwort per E-Mail')).toHaveValue(words);
      await expect(page.locator('#composer-error')).toContainText('nicht hinausgegangen');
    });

    await test.step('when the line breaks nobody knows, and a person says what came of it', async () => {
      demo.office.mode = 'vanish';
      await page.getByRole('button', { name: 'Noch einmal senden' }).click();
      const foot = page.locator('.mail-foot[data-state=unsure]');
      await expect(foot).toContainText('Vielleicht gesendet', { timeout: 30_000 });
      demo.office.mode = 'take';
      await foot.getByRole('button', { name: 'Ist angekommen' }).click();
      await expect(page.locator('.mail-foot[data-state=sent]')).toContainText('Gesendet');
      expect(demo.office.taken).toEqual([]);
    });

    await test.step('without script: read, answer, done', async () => {
      const plain = await browser.newContext({ baseURL: demo.server.url, javaScriptEnabled: false, locale: 'de-DE', storageState: await context.storageState() });
      try {
        const tab = await plain.newPage();
        await tab.goto('/nordwind/inbox?view=all');
        await row(tab, from.name).getByRole('link').first().click();
        await expect(tab.locator('#thread')).toContainText('Es eilt übrigens.');
        await tab.getByLabel('Antwort per E-Mail').fill('Ohne Skript geschrieben.');
        await tab.getByRole('button', { name: 'Privat senden' }).click();
        await expect(tab.getByText('Die Antwort geht gleich hinaus.')).toBeVisible();
        await expect.poll(() => demo.office.taken.some((mail) => mail.includes('Ohne Skript geschrieben.')), { timeout: 30_000 }).toBe(true);
        await tab.goto('/nordwind/inbox?view=all');
        await row(tab, from.name).getByRole('link').first().click();
        await tab.getByRole('button', { name: 'Erledigen' }).click();
        await expect(tab.locator('#toasts').getByText('Erledigt.')).toBeVisible();
        await tab.goto('/nordwind/inbox?view=all');
        await expect(row(tab, from.name)).toHaveCount(0);
      } finally {
        await plain.close();
      }
    });

    await test.step('a lost connection is said', async () => {
      await demo.server.kill();
      await expect(page.locator('#live-lost')).toBeVisible({ timeout: 15_000 });
    });
  } finally {
    await context.close();
    await demo.stop();
  }
});
