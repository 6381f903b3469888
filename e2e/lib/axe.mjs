// Accessibility as WCAG 2.2 AA plus axe's best practices; a page either has no findings or the test fails.
import AxeBuilder from '@axe-core/playwright';

const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/**
 * The findings of axe in the page, each as `rule: what is wrong (where)`.
 * @param {import('@playwright/test').Page} page
 * @returns {Promise<string[]>}
 */
export async function findings(page) {
  const { violations } = await new AxeBuilder({ page }).withTags(RULES).analyze();
  return violations.flatMap((rule) => rule.nodes.map((node) => `${rule.id}: ${rule.help} (${node.target.join(' ')}) ${node.html.slice(0, 160)}`));
}

/**
 * @param {import('@playwright/test').Page} page
 * @param {string} name what the page is called in the failure
 * @throws {Error} that lists every finding
 */
export async function assertAccessible(page, name) {
  const found = await findings(page);
  if (found.length > 0) throw new Error(`${name}: axe has ${found.length} finding(s)\n  ${found.join('\n  ')}`);
}
