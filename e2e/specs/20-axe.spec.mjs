// Every page of the demo company without a finding of axe: as most people see it, and as the smallest and strictest screen does.
import { findings } from '../lib/axe.mjs';
import { PAGES, pathOf, signIn } from '../lib/pages.mjs';
import { startDemo } from '../lib/server.mjs';
import { expect, test } from '../lib/test.mjs';

const VIEWS = [
  { name: 'light and dark', settings: { locale: 'de-DE' }, media: [{ colorScheme: 'light' }, { colorScheme: 'dark' }] },
  // 320 CSS pixels: WCAG 2.2, 1.4.10.
  { name: 'in English, in high contrast, 320 px wide', settings: { locale: 'en-GB', viewport: { width: 320, height: 720 } }, media: [{ contrast: 'more' }] },
];

for (const view of VIEWS) {
  test(`axe finds nothing on any page, ${view.name}`, async ({ browser }) => {
    test.setTimeout(900_000);
    const server = await startDemo();
    const settings = { baseURL: server.url, reducedMotion: 'reduce', ...view.settings };
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
          for (const media of view.media) {
            await page.emulateMedia(media);
            expect.soft(await findings(page), `${wanted.name}, ${JSON.stringify(media)}`).toEqual([]);
          }
          const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
          expect.soft(wide, `${wanted.name}: pixels beyond the edge`).toBeLessThanOrEqual(0);
        });
      }
    } finally {
      await known.close();
      await anonymous.close();
      await server.stop();
    }
  });
}
