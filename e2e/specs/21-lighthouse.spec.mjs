// Lighthouse's marks for the page one signs in on and the page one works on.
import { audit } from '../lib/lighthouse.mjs';
import { signIn } from '../lib/pages.mjs';
import { startDemo } from '../lib/server.mjs';
import { expect, test } from '../lib/test.mjs';

const ALL = { accessibility: 100, 'best-practices': 100 };

test('Lighthouse gives full marks to the door and the inbox', async ({ page }) => {
  test.setTimeout(300_000);
  const server = await startDemo();
  try {
    expect.soft(await audit(`${server.url}/login`), 'login').toEqual({ scores: ALL, lost: [] });
    await signIn(page, server.url);
    const cookie = (await page.context().cookies()).map(({ name, value }) => `${name}=${value}`).join('; ');
    for (const form of ['desktop', 'mobile']) {
      expect.soft(await audit(`${server.url}/nordwind/inbox?view=all`, { cookie, form }), `inbox, ${form}`).toEqual({ scores: ALL, lost: [] });
    }
  } finally {
    await server.stop();
  }
});
