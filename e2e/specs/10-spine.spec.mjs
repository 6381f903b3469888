// The whole way once, with a real blog and a real mail server: set up, connect, listen, answer, and the customer's answer to that.
import { assertAccessible } from '../lib/axe.mjs';
import { mailbox } from '../lib/mail.mjs';
import { peer } from '../lib/peers.mjs';
import { expect, test } from '../lib/test.mjs';
import { blog } from '../lib/wordpress.mjs';

const PERSON = { name: 'Jana Kern', email: 'jana@firma.test', password: 'ein langer Satz als Passwort' };

/** What no other run has written, so that old mails and posts in the peers' stores are not mistaken for new ones. */
const marker = () => `q${Date.now().toString(36)}`;

/** The program may talk to the peers on loopback and trusts the mail peer's certificate. */
const peersAllowed = () => ({ TRESEN_ALLOW_PRIVATE: '127.0.0.0/8', TRESEN_EXTRA_CA: peer('mail').ca_file });

async function setUp(page, server) {
  await page.goto(server.setupLink);
  await expect(page.getByRole('heading', { name: 'Willkommen am Tresen' })).toBeVisible();
  await assertAccessible(page, 'set-up');
  await page.getByLabel('Name', { exact: true }).fill(PERSON.name);
  await page.getByLabel('E-Mail').fill(PERSON.email);
  await page.getByLabel('Passwort').fill(PERSON.password);
  await page.getByLabel('Name der Firma oder Marke').fill('Firma');
  await page.getByRole('button', { name: 'Einrichten' }).click();
  await expect(page).toHaveURL(/\/firma\/inbox/);
}

/** Reloads until the page shows it: for what a page does not bring by itself. */
async function reloadUntil(page, locator) {
  await expect(async () => {
    await page.reload();
    await expect(locator).toBeVisible({ timeout: 500 });
  }).toPass({ timeout: 30_000 });
}

async function connectFeed(page, server, source) {
  await page.goto(`${server.url}/firma/settings/channels`);
  await page.getByRole('link', { name: 'Konto verbinden' }).first().click();
  await page.getByRole('link', { name: /Blog, Forum, Podcast/ }).click();
  await page.getByLabel('Adresse der Seite oder des Feeds').fill(source.url);
  await page.getByRole('button', { name: 'Verbindung prüfen und verbinden' }).click();
  await expect(page.getByText('Konto verbunden.')).toBeVisible();
  await reloadUntil(page, page.getByText('Zuletzt erfolgreich'));
  return page.url();
}

async function connectMail(page, server, company) {
  const at = peer('mail');
  await page.goto(`${server.url}/firma/settings/channels/new/mail`);
  await page.getByLabel('E-Mail-Adresse').fill(company.address);
  await page.getByLabel('Name des Absenders').fill('Firma Kundendienst');
  await page.getByLabel('Benutzername', { exact: true }).fill(company.address);
  await page.getByLabel('Passwort', { exact: true }).fill('falsch');
  await page.getByLabel('Posteingangsserver (IMAP)').fill(at.host);
  await page.getByLabel('Postausgangsserver (SMTP)').fill(at.host);
  await page.getByText('Weitere Einstellungen').click();
  await page.getByLabel('Port für IMAP').fill(String(at.imaps));
  await page.getByLabel('Port für SMTP').fill(String(at.smtps));
  // A wrong password is said so, and nothing but the password has to be entered again.
  await page.getByRole('button', { name: 'Verbindung prüfen und verbinden' }).click();
  await expect(page.getByRole('alert')).toContainText('Die Verbindung kam nicht zustande');
  await assertAccessible(page, 'mail account with a wrong password');
  await page.getByLabel('Passwort', { exact: true }).fill(at.accounts.find((one) => one.user === company.address).password);
  await page.getByRole('button', { name: 'Verbindung prüfen und verbinden' }).click();
  await expect(page.getByText('Konto verbunden.')).toBeVisible();
  await page.getByRole('button', { name: 'Jetzt prüfen' }).click();
  await expect(page.getByText('Die Verbindung steht.')).toBeVisible();
  await reloadUntil(page, page.getByText('Zuletzt erfolgreich'));
}

/** A row of the list says who wrote and what was said last, not the subject. */
const row = (page, name) => page.locator('#rows .row', { hasText: name });

/** Opens a conversation of the list; its heading says when it is there. */
async function open(page, name, subject) {
  await row(page, name).getByRole('link').first().click();
  await expect(page.getByRole('heading', { level: 1, name: subject })).toBeVisible();
}

test('from the set-up link to a customer who answers the answer', async ({ page, browser, launch }) => {
  test.setTimeout(240_000);
  const server = await launch({ config: peersAllowed() });
  const customer = mailbox('kundin@example.test');
  const company = mailbox('support@firma.test');
  const word = marker();

  await test.step('set up', () => setUp(page, server));

  const feedAccount = await test.step('connect the blog', () => connectFeed(page, server, blog()));
  await test.step('connect the mail account', () => connectMail(page, server, company));

  await test.step('a watch catches a post of the blog', async () => {
    await page.goto(`${server.url}/firma/listen/new`);
    await page.getByLabel('Name', { exact: true }).fill(`Beobachtung ${word}`);
    await page.getByLabel('Suche', { exact: true }).fill(`kaffeemaschine ${word}`);
    await page.getByRole('button', { name: 'Speichern' }).click();
    await expect(page.getByRole('heading', { level: 1, name: `Beobachtung ${word}` })).toBeVisible();
    const watch = page.url();

    const post = await blog('editor').publishPost({ title: `Warten auf Ersatz ${word}`, content: `Meine Kaffeemaschine ${word} ist schon wieder kaputt.` });
    try {
      // A blog is not asked more often than every five minutes; an account that goes on after a pause is asked at once.
      await page.goto(feedAccount);
      await page.getByRole('button', { name: 'Pausieren' }).click();
      await page.getByRole('button', { name: 'Fortsetzen' }).click();
      await page.goto(watch);
      await reloadUntil(page, page.locator('.hit', { hasText: `Warten auf Ersatz ${word}` }));
      const hit = page.locator('.hit', { hasText: `Warten auf Ersatz ${word}` });
      await expect(hit).toHaveCount(1);
      await expect(hit.locator('mark', { hasText: /Kaffeemaschine/i })).toBeVisible();
      await hit.getByRole('button', { name: 'Gespräch daraus machen' }).click();
      await expect(page).toHaveURL(/\/firma\/inbox\/\d+/);
      await expect(page.locator('#thread')).toContainText(`Meine Kaffeemaschine ${word} ist schon wieder kaputt.`);
      // A public post is answered where it stands: there is no field that could send anything.
      await expect(page.getByRole('button', { name: 'Privat senden' })).toHaveCount(0);
      await page.goto(watch);
      await expect(page.locator('.hit').getByRole('link', { name: 'Zum Gespräch' })).toBeVisible();
    } finally {
      await blog('editor').deletePost(post.id);
    }
  });

  const subject = `Wo bleibt mein Paket ${word}`;
  const sent = await test.step('a mail appears without reload', async () => {
    await page.goto(`${server.url}/firma/inbox?view=all`);
    // Gone if anything loads the page anew.
    await page.evaluate(() => (window.isSamePage = true));
    await page.mouse.move(1000, 400);
    const id = await customer.send({ to: company.address, subject, text: `Guten Tag, die Bestellung ${word} ist noch nicht da.` });
    await expect(row(page, customer.address)).toBeVisible({ timeout: 20_000 });
    await expect(row(page, customer.address)).toHaveClass(/row-unread/);
    expect(await page.evaluate(() => window.isSamePage)).toBe(true);
    return id;
  });

  await test.step('claim and answer', async () => {
    await open(page, customer.address, subject);
    await page.getByRole('button', { name: 'Übernehmen' }).click();
    await expect(page.locator('#toasts')).toContainText('Sie haben übernommen.');
    await expect(page.locator('.props')).toContainText(PERSON.name);
    await page.getByLabel('Antwort per E-Mail').fill('Es ist seit heute früh unterwegs.');
    await page.getByRole('button', { name: 'Privat senden' }).click();
    await expect(page.locator('#toasts')).toContainText('Die Antwort geht gleich hinaus.');
  });

  const answer = await test.step('the answer arrives in its thread', async () => {
    const mail = await customer.waitFor((one) => one.inReplyTo === sent, 30_000);
    expect(mail.text).toContain('Es ist seit heute früh unterwegs.');
    expect(mail.subject).toBe(`Re: ${subject}`);
    expect(mail.from.value[0]).toEqual({ address: company.address, name: 'Firma Kundendienst' });
    expect([mail.references].flat()).toContain(sent);
    return mail;
  });

  await test.step('the reply comes into the same conversation, live', async () => {
    if (!(await page.getByRole('heading', { level: 1, name: subject }).isVisible())) await open(page, customer.address, subject);
    await expect(page.locator('#thread')).toContainText('Gesendet');
    await page.evaluate(() => (window.isSamePage = true));
    await customer.reply(answer, `Danke, dann warte ich ${word}.`);
    await expect(page.locator('#thread')).toContainText(`Danke, dann warte ich ${word}.`, { timeout: 20_000 });
    expect(await page.evaluate(() => window.isSamePage)).toBe(true);
    await expect(page.locator('#thread article.mail')).toHaveCount(3);
    await expect(row(page, customer.address)).toHaveCount(1);
  });

  await test.step('note with a mention', async () => {
    await page.getByRole('navigation', { name: 'Art der Antwort' }).getByRole('link', { name: 'Notiz' }).click();
    await expect(page.locator('#band')).toContainText('Nur Ihr Team liest das.');
    await page.getByLabel('Interne Notiz').fill(`@${PERSON.name} bitte morgen nachsehen.`);
    await page.getByRole('button', { name: 'Notiz ablegen' }).click();
    await expect(page.locator('#thread .note')).toContainText(`@${PERSON.name} bitte morgen nachsehen.`);
  });

  await test.step('label, resolve, undo', async () => {
    await page.locator('.props summary', { hasText: 'Etiketten' }).click();
    await page.getByLabel('Neues Etikett').fill('Lieferung');
    await page.getByRole('button', { name: 'Hinzufügen' }).click();
    await expect(page.locator('#toasts')).toContainText('Das Etikett ist vergeben.');
    await expect(page.locator('.props')).toContainText('Lieferung');

    await page.getByRole('button', { name: 'Erledigen', exact: true }).click();
    await expect(page.locator('#toasts')).toContainText('Erledigt.');
    await expect(row(page, customer.address)).toHaveCount(0);
    await page.locator('#toasts').getByRole('button', { name: 'Rückgängig' }).click();
    await expect(page.locator('#toasts')).toContainText('Rückgängig gemacht.');
    await expect(row(page, customer.address)).toBeVisible();
  });

  await test.step('without script: read and answer', async () => {
    const plain = await browser.newContext({ javaScriptEnabled: false, locale: 'de-DE', storageState: await page.context().storageState() });
    try {
      const tab = await plain.newPage();
      await tab.goto(`${server.url}/firma/inbox?view=all`);
      await open(tab, customer.address, subject);
      await expect(tab.locator('#thread')).toContainText(`Danke, dann warte ich ${word}.`);
      await tab.getByLabel('Antwort per E-Mail').fill(`Gern geschehen ${word}.`);
      await tab.getByRole('button', { name: 'Privat senden' }).click();
      await expect(tab.getByText('Die Antwort geht gleich hinaus.')).toBeVisible();
      const mail = await customer.waitFor((one) => one.text?.includes(`Gern geschehen ${word}.`), 30_000);
      expect([mail.references].flat()).toEqual(expect.arrayContaining([sent, answer.messageId, mail.inReplyTo]));
      expect(mail.inReplyTo).not.toBe(sent);
    } finally {
      await plain.close();
    }
  });
});
