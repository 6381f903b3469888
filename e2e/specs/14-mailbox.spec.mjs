// A mailbox that lives: several folders, one of them made anew, mails that machines wrote, an address that does not exist; and nothing in it changes.
import { HOME, connectMail, marker, peersAllowed, setUp } from '../lib/company.mjs';
import { mailbox, sendFromOutside } from '../lib/mail.mjs';
import { expect, test } from '../lib/test.mjs';

const FOLDER = 'Reklamationen';
const row = (page, text) => page.locator('#rows .row', { hasText: text });

/** A mail as it would lie in a folder. */
const raw = (id, from, text) =>
  [`From: ${from}`, 'To: support@firma.test', `Subject: ${text}`, `Message-ID: <${id}@example.test>`, `Date: ${new Date().toUTCString()}`, '', `${text}.`, ''].join('\r\n');

test('a mailbox with folders, machines and wrong addresses becomes the right conversations', async ({ page, launch }) => {
  test.setTimeout(240_000);
  const server = await launch({ config: peersAllowed() });
  const [company, customer, word] = [mailbox('support@firma.test'), mailbox('kundin@example.test'), marker()];
  const folder = (work) => company.imap(work);
  const first = raw(`a-${word}`, 'Lena Berg <lena@else.test>', `Im Ordner ${word}`);
  const makeFolder = (client) => client.mailboxDelete(FOLDER).catch(() => {}).then(() => client.mailboxCreate(FOLDER));
  await folder(makeFolder);
  await setUp(page, server);
  await connectMail(page, server, company.address, { folders: `INBOX, ${FOLDER}` });
  await page.goto(`${server.url}${HOME}/inbox?view=all`);

  await test.step('both folders are heard, and nothing in them is marked', async () => {
    await customer.send({ to: company.address, subject: `Posteingang ${word}`, text: `Im Posteingang ${word}.` });
    await folder((client) => client.append(FOLDER, first));
    await expect(row(page, `Im Posteingang ${word}`)).toBeVisible({ timeout: 20_000 });
    // Without NOTIFY the server tells nothing of further folders: they are looked at each minute.
    await expect(row(page, `Im Ordner ${word}`)).toBeVisible({ timeout: 75_000 });
    const flags = await folder(async (client) => {
      const found = [];
      for (const name of ['INBOX', FOLDER]) {
        await client.mailboxOpen(name, { readOnly: true });
        for await (const mail of client.fetch({ subject: word }, { flags: true, envelope: true })) found.push([name, mail.flags.has('\\Seen')]);
      }
      return found;
    });
    expect(flags).toEqual([['INBOX', false], [FOLDER, false]]);
  });

  await test.step('a folder that was made anew (UIDVALIDITY) brings nothing twice and loses nothing', async () => {
    await folder(async (client) => {
      await makeFolder(client);
      await client.append(FOLDER, first);
      await client.append(FOLDER, raw(`b-${word}`, 'Tom Sand <tom@else.test>', `Danach ${word}`));
    });
    await expect(row(page, `Danach ${word}`)).toBeVisible({ timeout: 75_000 });
    await expect(row(page, `Im Ordner ${word}`)).toHaveCount(1);
  });

  await test.step('what machines wrote is named, and nobody answers it', async () => {
    await sendFromOutside({ from: 'liste@else.test', to: company.address, subject: `Rundbrief ${word}`, text: `Neues im Rundbrief ${word}.`, headers: { 'List-Id': '<rundbrief.else.test>', 'List-Unsubscribe': '<mailto:weg@else.test>', Precedence: 'list' } });
    await sendFromOutside({ from: 'lena@else.test', to: company.address, subject: `Abwesend ${word}`, text: `Bin im Urlaub ${word}.`, headers: { 'Auto-Submitted': 'auto-replied' } });
    await page.mouse.move(1000, 400);
    for (const [text, name] of [[`Neues im Rundbrief ${word}`, 'Rundschreiben'], [`Bin im Urlaub ${word}`, 'Automatische Antwort']]) {
      await row(page, text).getByRole('link').first().click();
      await expect(page.locator('#thread')).toContainText(name);
    }
  });

  await test.step('an answer that cannot be delivered comes back as failed, with the reason', async () => {
    await sendFromOutside({ from: 'Bea Unbekannt <bounce@example.test>', to: company.address, subject: `Frage ${word}`, text: `Kommt das an ${word}?` });
    // What comes in waits behind a bar while somebody reads in the list.
    await page.getByRole('button', { name: /neues Gespräch anzeigen/ }).click({ timeout: 20_000 });
    await row(page, `Kommt das an ${word}`).getByRole('link').first().click();
    await expect(page.getByRole('heading', { level: 1, name: `Frage ${word}` })).toBeVisible();
    const talk = page.url();
    await page.getByLabel('Antwort per E-Mail').fill(`Ja, das kommt an ${word}.`);
    await page.getByRole('button', { name: 'Privat senden' }).click();
    await expect(page.locator('#toasts')).toContainText('Die Antwort geht gleich hinaus.');
    await page.goto(talk);
    await expect(page.locator('#thread')).toContainText('bounce@example.test hat die Nachricht nicht angenommen.', { timeout: 40_000 });
    await expect(page.locator('#thread')).toContainText('Unzustellbar-Meldung');
    // The text is there still, and the conversation waits for somebody again.
    await expect(page.locator('#thread')).toContainText(`Ja, das kommt an ${word}.`);
    await expect(page.locator('.props')).toContainText('offen');
  });

  await test.step('nobody got a word that no person wrote', async () => {
    const mails = (await customer.all()).filter((mail) => mail.subject?.includes(word) && mail.from.value[0].address === company.address);
    expect(mails).toEqual([]);
    await page.goto(`${server.url}${HOME}/settings/jobs?state=failed`);
    await expect(page.locator('main')).not.toContainText(word);
  });
  await folder((client) => client.mailboxDelete(FOLDER));
});
