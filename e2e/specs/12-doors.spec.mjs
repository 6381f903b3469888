// The doors that are not mail: a contact form, on its own page and inside a foreign website, and what is noted by hand.
import { createServer } from 'node:http';
import { assertAccessible } from '../lib/axe.mjs';
import { HOME, connectMail, marker, peersAllowed, setUp } from '../lib/company.mjs';
import { mailbox } from '../lib/mail.mjs';
import { expect, test } from '../lib/test.mjs';

const row = (page, text) => page.locator('#rows .row', { hasText: text });

/** Somebody else's website with one page. */
async function website(html) {
  const server = createServer((_, response) => response.setHeader('content-type', 'text/html').end(html()));
  await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
  return { url: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}

async function fill(form, { name, address, text }) {
  await form.getByLabel('Ihr Name').fill(name);
  await form.getByLabel('Ihre E-Mail-Adresse').fill(address);
  await form.getByLabel('Ihre Nachricht').fill(text);
  // Nobody writes that in less; what is faster is asked to wait.
  await new Promise((enough) => setTimeout(enough, 3_500));
  await form.getByRole('button', { name: 'Nachricht senden' }).click();
}

test('a contact form, linked and embedded, becomes a conversation that is answered by mail', async ({ page, browser, launch }) => {
  test.setTimeout(150_000);
  const server = await launch({ config: peersAllowed() });
  const [customer, company, word, began] = [mailbox('kundin@example.test'), mailbox('support@firma.test'), marker(), Date.now()];
  let embed = '';
  const foreign = await website(() => `<!doctype html><title>Firma</title><h1>Schreiben Sie uns</h1>${embed}`);
  try {
    await setUp(page, server);
    await connectMail(page, server, company.address);
    await page.goto(`${server.url}${HOME}/settings/channels/new/form`);
    await page.getByLabel('Überschrift').fill('Schreiben Sie uns');
    await page.getByLabel('Datenschutzhinweis').fill('Ihre Angaben liest unser Kundendienst; wir löschen sie nach zwei Jahren.');
    await page.getByLabel('Websites, auf denen das Formular stehen darf').fill(foreign.url);
    await page.getByRole('checkbox', { name: /Eingang per E-Mail bestätigen/ }).check();
    await page.getByRole('button', { name: 'Verbinden' }).click();
    await expect(page.getByText('Konto verbunden.')).toBeVisible();
    const link = await page.locator('section[aria-labelledby=link-title] a').getAttribute('href');
    embed = await page.locator('#embed-code').inputValue();

    const visitor = await (await browser.newContext({ locale: 'de-DE' })).newPage();
    await test.step('on its own page', async () => {
      await visitor.goto(server.url + new URL(link, server.url).pathname);
      await assertAccessible(visitor, 'contact form');
      // A wrong address is named beside its field, and the text is still there.
      await visitor.getByLabel('Ihr Name').fill('Sabine Wirth');
      await visitor.getByLabel('Ihre E-Mail-Adresse').fill(customer.address);
      await visitor.getByLabel('Ihre Nachricht').fill(`Haben Sie am Sonntag geöffnet? ${word}`);
      await visitor.getByRole('button', { name: 'Nachricht senden' }).click();
      await expect(visitor.getByRole('alert')).toContainText('Das ging sehr schnell');
      await fill(visitor, { name: 'Sabine Wirth', address: customer.address, text: `Haben Sie am Sonntag geöffnet? ${word}` });
      await expect(visitor.getByRole('heading', { name: 'Ihre Nachricht ist angekommen' })).toBeVisible();
      expect(await visitor.context().cookies()).toEqual([]);
    });

    await test.step('inside another website', async () => {
      const addresses = [];
      visitor.on('request', (request) => addresses.push(new URL(request.url()).origin));
      // The code names the public address; this run has a port of its own.
      embed = embed.replace(/https?:\/\/[^/"]+/, server.url);
      await visitor.goto(foreign.url);
      const frame = visitor.frameLocator('iframe');
      await fill(frame, { name: 'Tom Sand', address: 'tom@else.test', text: `Liefern Sie nach Graz? ${word}` });
      await expect(frame.getByRole('heading', { name: 'Ihre Nachricht ist angekommen' })).toBeVisible();
      expect([...new Set(addresses)].sort()).toEqual([foreign.url, server.url].sort());
      expect(await visitor.context().cookies()).toEqual([]);
    });

    await test.step('the confirmation repeats nothing of what was written', async () => {
      const mail = await customer.waitFor((one) => one.date.getTime() >= began - 2_000 && /Ihre Nachricht an/.test(one.subject));
      expect(mail.text).not.toContain(word);
      expect(mail.text).not.toContain('Sabine');
      expect(mail.headers.get('auto-submitted')).toBe('auto-replied');
    });

    await test.step('both are conversations, and the answer goes by mail', async () => {
      await page.goto(`${server.url}${HOME}/inbox?view=all`);
      await expect(row(page, 'Tom Sand')).toBeVisible();
      await row(page, 'Sabine Wirth').getByRole('link').first().click();
      await expect(page.locator('#thread')).toContainText('über das Kontaktformular');
      await page.locator('#composer-text').fill(`Ja, von zehn bis vier. ${word}`);
      await page.getByRole('button', { name: 'Privat senden' }).click();
      const answer = await customer.waitFor((one) => one.text?.includes(`von zehn bis vier. ${word}`));
      expect(answer.from.value[0].address).toBe(company.address);
    });
    await visitor.context().close();
  } finally {
    foreign.close();
  }
});

test('a call and a letter are noted with one key, wherever one is', async ({ page, launch }) => {
  const server = await launch();
  await setUp(page, server);
  await test.step('a call, from the customers\' page, with the keyboard alone', async () => {
    await page.goto(`${server.url}${HOME}/customers`);
    await page.keyboard.press('+');
    const dialog = page.locator('#log-dialog');
    await expect(dialog.getByLabel('Mit wem?')).toBeVisible();
    await dialog.getByLabel('Mit wem?').fill('Bäckerei Huber');
    await dialog.getByLabel('Telefonnummer oder E-Mail').fill('+43 316 123456');
    await dialog.getByLabel('Was wurde gesagt?').fill('Möchte ab Montag zwei Kilo mehr.');
    await page.keyboard.press('Control+Enter');
    await expect(page.locator('#toasts')).toContainText('Notiert.');
    await expect(page).toHaveURL(/\/customers/);
  });
  await test.step('a letter with its scan', async () => {
    await page.keyboard.press('+');
    const dialog = page.locator('#log-dialog');
    await dialog.getByRole('radio', { name: 'Brief' }).check();
    await dialog.getByLabel('Mit wem?').fill('Kanzlei Wirth');
    await dialog.getByLabel('Was wurde gesagt?').fill('Mahnung zur Rechnung 4711.');
    await dialog.locator('input[type=file]').setInputFiles({ name: 'Brief vom 3. März.pdf', mimeType: 'application/pdf', buffer: Buffer.from('%PDF-1.4\n%%EOF\n') });
    await expect(dialog.locator('[data-chosen]')).toContainText('Brief vom 3. März.pdf');
    await dialog.getByRole('button', { name: 'Notieren' }).click();
    await expect(page.locator('#toasts')).toContainText('Notiert.');
  });
  await page.goto(`${server.url}${HOME}/inbox?view=all`);
  await expect(row(page, 'Bäckerei Huber')).toContainText('zwei Kilo mehr');
  await row(page, 'Kanzlei Wirth').getByRole('link').first().click();
  await expect(page.locator('#thread')).toContainText('Brief');
  const scan = page.getByRole('link', { name: /Brief vom 3. März.pdf/ });
  const file = await page.request.get(new URL(await scan.getAttribute('href'), server.url).href);
  expect(file.status()).toBe(200);
  expect(file.headers()['content-disposition']).toContain('attachment');
  expect((await file.body()).toString()).toBe('%PDF-1.4\n%%EOF\n');
});
