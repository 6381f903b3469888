// Lighthouse's scores for accessibility and best practices (0 to 100) with the audits that cost points.
import * as chromeLauncher from 'chrome-launcher';
import lighthouse from 'lighthouse';
import { CHROMIUM, CHROMIUM_ARGUMENTS } from './chromium.mjs';

/**
 * @param {string} url
 * @param {object} [options]
 * @param {string} [options.cookie] for pages behind the sign-in
 * @param {'desktop'|'mobile'} [options.form]
 * @returns {Promise<{ scores: Record<string, number>, lost: string[] }>}
 */
export async function audit(url, { cookie, form = 'desktop' } = {}) {
  const chrome = await chromeLauncher.launch({ chromePath: CHROMIUM, chromeFlags: ['--headless', ...CHROMIUM_ARGUMENTS] });
  try {
    const result = await lighthouse(url, {
      port: chrome.port,
      logLevel: 'error',
      onlyCategories: ['accessibility', 'best-practices'],
      formFactor: form,
      screenEmulation: form === 'desktop' ? { mobile: false, width: 1440, height: 900, deviceScaleFactor: 1 } : undefined,
      extraHeaders: cookie ? { Cookie: cookie } : undefined,
    });
    if (!result || result.lhr.runtimeError) throw new Error(`Lighthouse could not look at ${url}: ${result?.lhr.runtimeError?.message}`);
    const { categories, audits } = result.lhr;
    const scores = Object.fromEntries(Object.values(categories).map((category) => [category.id, Math.round(category.score * 100)]));
    const lost = Object.values(categories)
      .flatMap((category) => category.auditRefs.filter((ref) => ref.weight > 0).map((ref) => audits[ref.id]))
      .filter((one) => one.score !== null && one.score < 1)
      .map((one) => `${one.id}: ${one.title}`);
    return { scores, lost };
  } finally {
    await chrome.kill();
  }
}
