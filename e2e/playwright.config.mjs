// Browser tests: `npx playwright test`, usually started by `../test`, which also starts the servers they talk to.
import { defineConfig } from '@playwright/test';
import { CHROMIUM, CHROMIUM_ARGUMENTS } from './lib/chromium.mjs';
import { postgresUrl } from './lib/server.mjs';

const projects = [{ name: 'sqlite', use: { engine: 'sqlite' } }];
if (postgresUrl()) {
  // What has no store, or looks at the demo, which is SQLite's only, is not asked twice.
  projects.push({ name: 'postgres', use: { engine: 'postgres' }, testIgnore: ['**/00-harness.spec.mjs', '**/2?-*.spec.mjs', '**/4?-*.spec.mjs'] });
} else if (process.env.CI === 'true') {
  throw new Error('TRESEN_TEST_PG is not set: with CI=true the browser tests run on both engines');
} else if (!process.env.TEST_WORKER_INDEX) {
  console.log('TRESEN_TEST_PG is not set: the browser tests run on SQLite only');
}

export default defineConfig({
  testDir: './specs',
  outputDir: './.out/results',
  // One at a time: the tests share one mail server and one blog, and the machine has two cores.
  workers: 1,
  fullyParallel: false,
  // A test that fails once and passes on the second try is a failing test.
  retries: 0,
  forbidOnly: process.env.CI === 'true',
  timeout: 60_000,
  expect: { timeout: 10_000 },
  reporter: [['list'], ['json', { outputFile: process.env.TRESEN_PLAYWRIGHT_JSON ?? './.out/results.json' }]],
  projects,
  use: {
    browserName: 'chromium',
    launchOptions: { executablePath: CHROMIUM, args: CHROMIUM_ARGUMENTS },
    locale: 'de-DE',
    timezoneId: 'Europe/Berlin',
    viewport: { width: 1440, height: 900 },
    // Long enough for a busy machine; a field that is not there must not eat the whole test's time.
    actionTimeout: 20_000,
    trace: 'retain-on-failure',
    screenshot: 'only-on-failure',
  },
});
