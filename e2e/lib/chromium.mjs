// Which browser, and how it is started; shared by the tests, the pictures and Lighthouse.

/** Debian's Chromium, unless TRESEN_CHROMIUM names another one. */
export const CHROMIUM = process.env.TRESEN_CHROMIUM ?? '/usr/bin/chromium';

/** Sandboxing needs a user other than root; the rest keeps the browser from talking to anybody but the pages under test. */
export const CHROMIUM_ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
