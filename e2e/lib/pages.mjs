// The pages that `shots.mjs` takes pictures of, and how to get there.

/**
 * @typedef {object} Page
 * @property {string} name file name and caption
 * @property {string} path below the server's address
 * @property {boolean} [signedOut] taken without signing in
 * @property {(page: import('@playwright/test').Page) => Promise<void>} [prepare] brings the page into the state to be shown
 */

/** @type {Page[]} */
export const PAGES = [];

/**
 * Signs a fresh browser context in; called once for each language and theme.
 * @type {((page: import('@playwright/test').Page, server: string) => Promise<void>) | undefined}
 */
export const signIn = undefined;
