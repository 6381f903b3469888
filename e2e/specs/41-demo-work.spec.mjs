// The example company at work: a new watch tried on the archive and filled from it, and a link through the wall that is closed again.
import { expect, test } from '@playwright/test';
import { startDemo } from '../lib/server.mjs';
import { signIn } from '../lib/pages.mjs';

let demo;
test.beforeAll(async () => {
  test.setTimeout(200_000);
  demo = await startDemo();
});
test.afterAll(() => demo?.stop());

test('a watch is tried, saved, filled from the archive, and a hit becomes a conversation', async ({ page }) => {
  await signIn(page, demo.url);
  await page.goto(`${demo.url}/nordwind/listen/new`);
  await page.getByLabel('Name', { exact: true }).fill('Lieferung');
  const query = page.getByLabel('Suche', { exact: true });
  await query.fill('liefer* UND (');
  await expect(page.locator('#query-check')).toContainText(/Klammer/);
  await query.fill('liefer* ODER paket');
  await expect(page.locator('#trial .figure').first()).toContainText(/\d/);
  await expect(page.locator('#trial .hit').first()).toContainText(/liefer|paket/i);
  await page.getByRole('button', { name: 'Speichern' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Lieferung' })).toBeVisible();
  await page.getByRole('button', { name: 'Im Archiv nachsehen' }).click();
  await expect(page.locator('#backfill')).toContainText(/Treffer/);
  await expect(page.locator('.hit').first()).toBeVisible();
  await expect(page.locator('.hit mark').first()).toHaveText(/^(liefer|paket)/i);
  const hit = page.locator('.hit', { has: page.getByRole('button', { name: 'Gespräch daraus machen' }) }).first();
  const said = (await hit.locator('mark').first().textContent()).trim();
  await hit.getByRole('button', { name: 'Gespräch daraus machen' }).click();
  await expect(page).toHaveURL(/\/inbox\/\d*/);
  await expect(page.locator('#thread')).toContainText(said);
});

test('a profile and a contact stay apart until there is a ground, and are apart again once it ends', async ({ page }) => {
  await signIn(page, demo.url);
  await page.goto(`${demo.url}/nordwind/customers/profiles`);
  await page.locator('main table a, main .rows a').first().click();
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  const profile = page.url();
  await expect(page.locator('.wall')).toContainText('Nicht verknüpft');
  await page.getByRole('button', { name: /Hat eingewilligt/ }).click();
  await page.getByLabel('Name oder Adresse').fill('wirth');
  await page.getByRole('button', { name: 'Suchen' }).click();
  await page.locator('fieldset input[name=contact]').first().check();
  const wording = page.locator('#wording');
  // Without the words of the consent there is no link.
  await page.getByRole('button', { name: 'Verknüpfen' }).click();
  await expect(page.locator('#wording-error')).toBeVisible();
  await wording.fill('Am Telefon gefragt, sie hat zugesagt.');
  await page.locator('fieldset input[name=contact]').first().check();
  await page.getByRole('button', { name: 'Verknüpfen' }).click();
  await expect(page.locator('.wall-open')).toContainText('Verknüpft, mit Grund');
  await expect(page.locator('.ground')).toContainText('Am Telefon gefragt, sie hat zugesagt.');
  await page.goto(profile);
  await page.locator('.ground form button').click();
  await expect(page.locator('.wall')).toContainText('Nicht verknüpft');
  await expect(page.getByText('Am Telefon gefragt')).toHaveCount(0);
});
