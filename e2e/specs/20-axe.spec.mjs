// Every page of the demo company, light and dark, without a finding of axe.
import { findings } from '../lib/axe.mjs';
import { PAGES, pathOf, signIn } from '../lib/pages.mjs';
import { startDemo } from '../lib/server.mjs';
import { expect, test } from '../lib/test.mjs';

test('axe finds nothing on any page, light and dark', async ({ browser }) => {
  test.setTimeout(900_000);
  const server = await startDemo();
  const settings = { baseURL: server.url, locale: 'de-DE', reducedMotion: 'reduce' };
  const [known, anonymous] = [await browser.newContext(settings), await browser.newContext(settings)];
  try {
    const [inside, outside] = [await known.newPage(), await anonymous.newPage()];
    await signIn(inside, server.url);
    for (const wanted of PAGES) {
      await test.step(wanted.name, async () => {
        const page = wanted.signedOut ? outside : inside;
        const answer = await page.goto(await pathOf(wanted, page));
        expect.soft(answer.status(), wanted.name).toBe(wanted.status ?? 200);
        await wanted.prepare?.(page);
        for (const colorScheme of ['light', 'dark']) {
          await page.emulateMedia({ colorScheme });
          expect.soft(await findings(page), `${wanted.name}, ${colorScheme}`).toEqual([]);
        }
      });
    }
  } finally {
    await known.close();
    await anonymous.close();
    await server.stop();
  }
});
