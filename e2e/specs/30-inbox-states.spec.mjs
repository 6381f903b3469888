// What the inbox does when things do not go straight: the customer writes meanwhile, an answer is refused, nobody knows whether it left, no script.
import { HOME, connectMail, marker, peersAllowed, setUp } from '../lib/company.mjs';
import { mailbox, sendFromOutside } from '../lib/mail.mjs';
import { peer } from '../lib/peers.mjs';
import { expect, test } from '../lib/test.mjs';
import { wireTo } from '../lib/wire.mjs';

const company = mailbox('support@firma.test');
const customer = mailbox('kundin@example.test');
const field = (page) => page.getByLabel('Antwort per E-Mail');
const send = (page) => page.getByRole('button', { name: 'Privat senden' }).click();
const inbox = (server) => `${server.url}${HOME}/inbox?view=all`;

/** Opens the conversation whose newest message holds the word; it may still have to arrive. */
async function open(page, word) {
  const row = page.locator('#rows .row', { hasText: word });
  await expect(row).toBeVisible({ timeout: 15_000 });
  await row.getByRole('link').first().click();
  await expect(page.getByRole('heading', { level: 1, name: word })).toBeVisible();
}

test('an answer that cannot go straight comes back, waits or asks', async ({ page, browser, launch }) => {
  test.setTimeout(120_000);
  const server = await launch({ config: peersAllowed() });
  const wire = await wireTo(peer('mail').smtps);
  const [again, refused, unsure, plain] = ['a', 'b', 'c', 'd'].map((letter) => `${marker()}${letter}`);
  try {
    await setUp(page, server);
    await connectMail(page, server, company.address, { smtps: wire.port });
    await page.goto(inbox(server));
    const first = { to: company.address, subject: again, text: `Wo bleibt es? ${again}` };
    const asked = await customer.send(first);
    // Nobody lives at this address: what is sent to it is refused.
    await sendFromOutside({ from: 'Weg <weg@example.test>', to: company.address, subject: refused, text: `Ich bin weg ${refused}` });
    for (const word of [unsure, plain]) await customer.send({ to: company.address, subject: word, text: `Frage ${word}` });

    await test.step('the customer wrote again: the answer is held, the text stays, and it can be sent anyway', async () => {
      await open(page, again);
      await field(page).fill('Morgen bei Ihnen.');
      const more = `Hat sich erledigt ${marker()}`;
      await customer.send({ to: company.address, subject: `Re: ${again}`, text: more, inReplyTo: asked, references: [asked] });
      await expect(page.locator('#thread')).toContainText(more, { timeout: 15_000 });
      await expect(page.locator('#wrote-again')).toBeVisible();
      await expect(field(page)).toHaveValue('Morgen bei Ihnen.');
      await send(page);
      await expect(page.locator('#composer-error')).toContainText('kam eine neue Nachricht');
      await expect(field(page)).toHaveValue('Morgen bei Ihnen.');
      await expect(page.locator('#thread')).not.toContainText('Morgen bei Ihnen.');
      await page.getByRole('button', { name: 'Trotzdem senden' }).click();
      await expect(page.locator('#toasts')).toContainText('Die Antwort geht gleich hinaus.');
    });

    // Each is on its way for some seconds; so all of them leave first, and then it is looked at what became of them.
    const lost = wire.loseAnswer();
    const addresses = {};
    for (const [word, text] of [[refused, 'Sind Sie noch da?'], [unsure, 'Eine lange Antwort mit vielen Worten. '.repeat(500)]]) {
      await page.goto(inbox(server));
      await open(page, word);
      addresses[word] = page.url();
      await field(page).fill(text);
      await send(page);
      await expect(page.locator('#toasts')).toContainText('Die Antwort geht gleich hinaus.');
    }

    await test.step('without script: read, answer, resolve', async () => {
      const context = await browser.newContext({ javaScriptEnabled: false, locale: 'de-DE', storageState: await page.context().storageState() });
      try {
        const tab = await context.newPage();
        await tab.goto(inbox(server));
        await open(tab, plain);
        await expect(tab.locator('#thread')).toContainText(`Frage ${plain}`);
        const address = tab.url();
        await field(tab).fill(`Ohne Skript ${plain}`);
        await send(tab);
        await expect(tab.getByText('Die Antwort geht gleich hinaus.')).toBeVisible();
        await tab.goto(address);
        await expect(tab.locator('#thread')).toContainText(`Ohne Skript ${plain}`);
        await tab.getByRole('button', { name: 'Erledigen', exact: true }).click();
        await expect(tab.locator('#toasts')).toContainText('Erledigt.');
        await expect(tab.locator('#rows .row', { hasText: plain })).toHaveCount(0);
      } finally {
        await context.close();
      }
    });

    await test.step('refused by the mail server: the text comes back into the composer with the reason', async () => {
      await page.goto(addresses[refused]);
      await expect(page.locator('#thread [data-state=failed]')).toContainText('Nicht gesendet', { timeout: 20_000 });
      await expect(page.locator('#composer-error')).toContainText('Diese Antwort ist nicht hinausgegangen.');
      await expect(page.locator('#composer-error')).toContainText('weg@example.test');
      await expect(field(page)).toHaveValue('Sind Sie noch da?');
    });

    await test.step('the connection broke while sending: said so, not sent again, and a person decides', async () => {
      await page.goto(addresses[unsure]);
      await lost;
      const state = page.locator('#thread [data-state=unsure]');
      await expect(state).toContainText('Vielleicht gesendet');
      await expect(state.getByRole('button', { name: 'Noch einmal senden' })).toBeVisible();
      await expect(field(page)).toHaveValue('');
      await state.getByRole('button', { name: 'Ist angekommen' }).click();
      await expect(page.locator('#toasts')).toContainText('Als angekommen vermerkt.');
      await expect(page.locator('#thread [data-state=sent]')).toBeVisible();
    });

    const mail = await customer.waitFor((one) => one.text?.includes(`Ohne Skript ${plain}`));
    expect(mail.subject).toBe(`Re: ${plain}`);
  } finally {
    wire.close();
  }
});
