// How long until the next conversation stands on the screen: from the key `j` to the first picture with the new thread, in Chromium with the
// demo company. Prints one JSON object. `TRESEN_BIN` names the program.
import { chromium } from '@playwright/test';
import { CHROMIUM, CHROMIUM_ARGUMENTS } from '../lib/chromium.mjs';
import { signIn } from '../lib/pages.mjs';
import { startDemo } from '../lib/server.mjs';

const STEPS = 40;
/** What a person at least looks at before going on; time for the page to fetch the neighbour ahead. */
const LOOK_MS = 700;

const server = await startDemo();
const browser = await chromium.launch({ executablePath: CHROMIUM, args: CHROMIUM_ARGUMENTS });
try {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 }, locale: 'de-DE' });
  await signIn(page, server.url);
  const home = new URL(page.url()).pathname.split('/')[1];
  await page.goto(`${server.url}/${home}/inbox?view=all`);
  // Twice per conversation: the first time it may have to be fetched, the second time it is there.
  await page.evaluate(() => {
    window.taken = [];
    let began = 0, open = '';
    addEventListener('keydown', () => { began = performance.now(); open = document.querySelector('#work')?.dataset.conversation ?? ''; }, { capture: true });
    new MutationObserver(() => {
      const now = document.querySelector('#work')?.dataset.conversation ?? '';
      if (!began || now === open || !document.querySelector('#thread')) return;
      const from = began;
      began = 0;
      // After the next frame has been drawn.
      requestAnimationFrame(() => { const channel = new MessageChannel(); channel.port1.onmessage = () => window.taken.push(performance.now() - from); channel.port2.postMessage(0); });
    }).observe(document.body, { subtree: true, childList: true, attributes: true, attributeFilter: ['data-conversation'] });
  });
  for (let step = 0; step < STEPS; step++) {
    const before = await page.evaluate(() => window.taken.length);
    await page.keyboard.press('j');
    await page.waitForFunction((n) => window.taken.length > n, before, { timeout: 5000 }).catch(() => {});
    await page.waitForTimeout(LOOK_MS);
  }
  const taken = (await page.evaluate(() => window.taken)).sort((a, b) => a - b);
  const at = (share) => Math.round(taken[Math.max(0, Math.ceil(taken.length * share) - 1)] * 10) / 10;
  if (taken.length < STEPS / 2) throw new Error(`only ${taken.length} of ${STEPS} steps showed a conversation`);
  console.log(JSON.stringify({ bench: 'screen', steps: taken.length, p50: at(0.5), p95: at(0.95), max: at(1) }));
} finally {
  await browser.close();
  await server.stop();
}
