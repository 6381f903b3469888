// The example company lives: who is answered writes again, and the screen shows it by itself. Its town lives thirty times faster here.
import { startDemo } from '../lib/server.mjs';
import { expect, test } from '../lib/test.mjs';

test('a customer of the demo who is answered writes again, before the eyes of who answered', async ({ browser }) => {
  const server = await startDemo({ pace: 30 });
  const context = await browser.newContext({ baseURL: server.url, locale: 'de-DE' });
  // Nothing is loaded from anywhere else.
  const elsewhere = [];
  context.on('request', (request) => {
    if (!['127.0.0.1', 'localhost'].includes(new URL(request.url()).hostname)) elsewhere.push(request.url());
  });
  try {
    const page = await context.newPage();
    await page.goto('/demo');
    await page.locator('.demo-person', { hasText: 'Service' }).first().click();
    await page.waitForURL(/\/nordwind\/inbox/);

    await page.goto('/nordwind/inbox?view=all');
    const row = page.locator('#rows').getByRole('link', { name: 'Barbara Moser' }).first();
    await expect(row).toBeVisible({ timeout: 20_000 });
    await row.click();
    await expect(page.getByRole('heading', { name: 'Tisch im Nordwind Lend für sechs?' })).toBeVisible();

    await page.locator('#composer-text').fill('Gern! Samstag um zehn ist der große Tisch am Fenster für Sie reserviert.');
    const answered = page.url();
    const sent = page.waitForResponse((response) => new URL(response.url()).pathname.endsWith('/reply'));
    await page.getByRole('button', { name: 'Privat senden' }).click();
    await sent;
    // After an answer the screen goes on to the next conversation: back to this one.
    await page.goto(answered);
    await expect(page.getByText('der große Tisch am Fenster').filter({ visible: true }).first()).toBeVisible();
    const second = page.getByText('Kommt man mit dem Kinderwagen bei der Tür gut hinein').filter({ visible: true });
    await expect(second.first()).toBeVisible({ timeout: 20_000 });
    expect(elsewhere).toEqual([]);
  } finally {
    await context.close();
    await server.stop();
  }
});
