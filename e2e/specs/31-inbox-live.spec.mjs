// An inbox somebody sits in front of: what others do shows by itself, a lost connection is said and forgotten, a call is logged over the page.
import { HOME, setUp } from '../lib/company.mjs';
import { expect, test } from '../lib/test.mjs';
import { wireTo } from '../lib/wire.mjs';

const row = (page, words) => page.locator('#rows .row', { hasText: words });
const view = (page, name) => page.locator('#views').getByRole('link', { name, includeHidden: true });

/** Writes a call down on the page of its own, as somebody without script would. */
async function logCall(page, address, words) {
  await page.goto(`${address}${HOME}/log`);
  await page.getByLabel('Worum ging es?').fill(words);
  await page.getByLabel('Was wurde gesagt?').fill(`Bittet um Rückruf wegen ${words}.`);
  await page.getByRole('button', { name: 'Notieren' }).click();
  await expect(page.getByRole('heading', { level: 1, name: words })).toBeVisible();
}

test('the inbox follows what happens, says when it cannot, and writes down a call', async ({ page, browser, launch }) => {
  test.setTimeout(90_000);
  const server = await launch();
  const wire = await wireTo(Number(new URL(server.url).port));
  const through = `http://127.0.0.1:${wire.port}`;
  await setUp(page, server);
  const elsewhere = await browser.newContext({ locale: 'de-DE', javaScriptEnabled: false, storageState: await page.context().storageState() });
  try {
    const other = await elsewhere.newPage();
    await page.goto(`${through}${HOME}/inbox?view=all`);
    await page.mouse.move(1000, 400);
    // Gone if anything loads the page anew.
    await page.evaluate(() => (window.isSamePage = true));

    await test.step('figures and rows follow others', async () => {
      await logCall(other, server.url, 'Kaffee Eins');
      await expect(row(page, 'Kaffee Eins')).toBeVisible();
      await expect(view(page, /Alle/)).toHaveText(/Alle\s+1/);
      await expect(view(page, /Meine/)).toHaveText(/Meine\s+1/);
      await other.getByRole('button', { name: 'Erledigen', exact: true }).click();
      await expect(view(page, /Alle/)).not.toHaveText(/\d/);
      await expect(row(page, 'Kaffee Eins')).toHaveCount(0);
    });

    await test.step('a lost connection is said, and forgotten with everything that was missed', async () => {
      await expect(page.locator('#live-lost')).toBeHidden();
      wire.cut();
      await expect(page.locator('#live-lost')).toBeVisible({ timeout: 15_000 });
      await logCall(other, server.url, 'Kaffee Zwei');
      wire.mend();
      await expect(page.locator('#live-lost')).toBeHidden({ timeout: 20_000 });
      await expect(row(page, 'Kaffee Zwei')).toBeVisible();
      await expect(view(page, /Alle/)).toHaveText(/Alle\s+1/);
    });

    await test.step('a call is written down over the page', async () => {
      const address = page.url();
      await page.keyboard.press('+');
      const dialog = page.getByRole('dialog');
      await expect(dialog.getByRole('button', { name: 'Notieren' })).toBeVisible();
      await dialog.getByLabel('Worum ging es?').fill('Kaffee Drei');
      await page.keyboard.press('Escape');
      await expect(dialog).toBeHidden();
      await page.keyboard.press('+');
      await expect(dialog.getByLabel('Worum ging es?')).toHaveValue('Kaffee Drei');
      await dialog.getByLabel('Was wurde gesagt?').fill('Ruft morgen wieder an.');
      await dialog.getByRole('button', { name: 'Notieren' }).click();
      await expect(dialog).toBeHidden();
      await expect(page.locator('#toasts')).toContainText('Notiert.');
      await expect(row(page, 'Ruft morgen wieder an.')).toBeVisible();
      expect(page.url()).toBe(address);
    });
    expect(await page.evaluate(() => window.isSamePage)).toBe(true);
  } finally {
    await elsewhere.close();
    wire.close();
  }
});
