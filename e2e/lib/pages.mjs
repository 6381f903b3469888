// Every page there is, in the demo's company: what `shots.mjs` takes pictures of and `20-axe.spec.mjs` looks at.

/**
 * @typedef {object} Page
 * @property {string} name file name and caption
 * @property {string | ((page: import('@playwright/test').Page) => Promise<string>)} path below the server's address, or how to find it
 * @property {boolean} [signedOut] taken without signing in
 * @property {number} [status] what it answers with when that is not 200
 * @property {(page: import('@playwright/test').Page) => Promise<void>} [prepare] brings the page into the state to be shown
 */

const HOME = '/nordwind';
const FIRST_CONVERSATION = '#rows .row-name a';
const FIRST_WATCH = 'a.watch';
const CONNECT = `${HOME}/settings/channels/new`;

/** The address behind the first match of `selector` (with `text`) on the page at `from`. */
const behind =
  (from, selector, text) =>
  async (page) => {
    await page.goto(typeof from === 'string' ? from : await from(page));
    const href = await page.locator(selector, text && { hasText: text }).first().getAttribute('href', { timeout: 5_000 });
    return new URL(href, page.url()).pathname;
  };

const account = (name) => behind(`${HOME}/settings/channels`, 'main table a', name);
const form = behind(behind(`${HOME}/settings/channels`, 'main tr:has-text("Kontaktformular") a, main tr:has-text("Contact form") a'), 'section[aria-labelledby=link-title] a');

/** A public post's conversation; made of a hit where nobody has made one yet. */
async function publicConversation(page) {
  await page.goto(await behind(`${HOME}/listen`, FIRST_WATCH)(page));
  const made = page.locator('.hit a.push').first();
  if (await made.count()) return new URL(await made.getAttribute('href'), page.url()).pathname;
  await page.locator('.hit form.push button').first().click();
  await page.waitForURL(/\/inbox\/\d+/);
  return new URL(page.url()).pathname;
}

/** @type {Page[]} */
export const PAGES = [
  { name: 'login', path: '/login', signedOut: true },
  { name: 'reset', path: '/reset', signedOut: true },
  { name: 'demo', path: '/demo', signedOut: true },
  { name: 'inbox', path: `${HOME}/inbox?view=all` },
  { name: 'inbox-mine', path: `${HOME}/inbox?view=mine` },
  { name: 'inbox-done', path: `${HOME}/inbox?view=done` },
  { name: 'inbox-snoozed', path: `${HOME}/inbox?view=snoozed` },
  { name: 'conversation-mail', path: behind(`${HOME}/inbox?view=all`, '#rows .row:has(use[href$="#i-mail"]) .row-name a') },
  { name: 'conversation-public', path: publicConversation },
  { name: 'conversation-note', path: async (page) => `${await behind(`${HOME}/inbox?view=all`, FIRST_CONVERSATION)(page)}?view=all&compose=note` },
  {
    name: 'conversation-menu',
    path: behind(`${HOME}/inbox?view=all`, FIRST_CONVERSATION),
    prepare: (page) => page.locator('summary[data-key=l]').click(),
  },
  {
    name: 'palette',
    path: `${HOME}/inbox?view=all`,
    prepare: async (page) => {
      await page.keyboard.press('Control+k');
      await page.locator('#palette').waitFor();
    },
  },
  { name: 'mentions', path: `${HOME}/mentions` },
  { name: 'log', path: `${HOME}/log` },
  { name: 'search', path: `${HOME}/search` },
  { name: 'search-results', path: `${HOME}/search?q=kaffee` },
  { name: 'keys', path: `${HOME}/keys` },
  { name: 'listen', path: `${HOME}/listen` },
  { name: 'listen-new', path: `${HOME}/listen/new` },
  { name: 'listen-hits', path: behind(`${HOME}/listen`, FIRST_WATCH) },
  { name: 'listen-edit', path: async (page) => `${await behind(`${HOME}/listen`, FIRST_WATCH)(page)}/edit` },
  { name: 'listen-archive', path: `${HOME}/listen/archive?q=kaffee` },
  { name: 'listen-archive-wrong', path: `${HOME}/listen/archive?q=%22kaffee`, status: 422 },
  { name: 'listen-post', path: behind(behind(`${HOME}/listen`, FIRST_WATCH), '.hit-head a') },
  { name: 'customers', path: `${HOME}/customers` },
  { name: 'customers-contact', path: behind(`${HOME}/customers`, 'main table a') },
  { name: 'customers-contact-edit', path: async (page) => `${await behind(`${HOME}/customers`, 'main table a')(page)}/edit` },
  { name: 'customers-profiles', path: `${HOME}/customers/profiles` },
  { name: 'customers-profile', path: behind(`${HOME}/customers/profiles`, 'main table a') },
  { name: 'customers-new', path: `${HOME}/customers/new` },
  { name: 'settings-channels', path: `${HOME}/settings/channels` },
  { name: 'settings-channel-new', path: CONNECT },
  { name: 'settings-channel-feed', path: `${CONNECT}/feed` },
  { name: 'settings-channel-mail', path: `${CONNECT}/mail`, prepare: (page) => page.locator('main details summary').first().click() },
  { name: 'settings-channel-form', path: `${CONNECT}/form` },
  { name: 'settings-channel-manual', path: `${CONNECT}/manual` },
  { name: 'settings-account', path: account() },
  { name: 'settings-account-form', path: behind(`${HOME}/settings/channels`, 'main tr:has-text("Kontaktformular") a, main tr:has-text("Contact form") a') },
  { name: 'settings-account-remove', path: async (page) => `${await account()(page)}/remove` },
  { name: 'settings-members', path: `${HOME}/settings/members` },
  { name: 'settings-invite', path: `${HOME}/settings/members/new` },
  { name: 'settings-member', path: behind(`${HOME}/settings/members`, 'main table a') },
  { name: 'settings-teams', path: `${HOME}/settings/teams` },
  { name: 'settings-team', path: behind(`${HOME}/settings/teams`, 'main table a.btn') },
  { name: 'settings-roles', path: `${HOME}/settings/roles` },
  { name: 'settings-role-new', path: `${HOME}/settings/roles/new` },
  { name: 'settings-workspace', path: `${HOME}/settings/workspace` },
  { name: 'settings-audit', path: `${HOME}/settings/audit` },
  { name: 'settings-jobs', path: `${HOME}/settings/jobs` },
  { name: 'me', path: '/me' },
  { name: 'workspace-new', path: '/workspaces/new' },
  { name: 'form', path: form },
  { name: 'form-embedded', path: async (page) => `${await form(page)}/embed` },
  { name: 'not-found', path: `${HOME}/nirgends`, status: 404 },
];

/** The path of a page; the address of the page is elsewhere afterwards. */
export async function pathOf(wanted, page) {
  return typeof wanted.path === 'string' ? wanted.path : wanted.path(page);
}

/** Goes in as the demo company's owner, who may see every page. */
export async function signIn(page, server) {
  await page.goto(`${server}/demo`);
  await page.locator('.demo-person', { hasText: /Besitz|Owner/ }).first().click();
  await page.waitForURL(/\/inbox/);
  // People keep the language they chose; here they want the browser's.
  if (await page.evaluate(() => !navigator.language.startsWith(document.documentElement.lang))) {
    await Promise.all([page.waitForNavigation(), page.evaluate(() => document.querySelector('form[action="/language"]').requestSubmit())]);
  }
}
