// What every spec imports instead of '@playwright/test'.
import { test as base, expect } from '@playwright/test';
import { startServer } from './server.mjs';

export { expect };

export const test = base.extend({
  /** 'sqlite' or 'postgres', set by the project in playwright.config.mjs. */
  engine: ['sqlite', { option: true }],

  /** `await launch({ config })` starts the program on this project's engine; it ends with the test. */
  launch: async ({ engine }, use, testInfo) => {
    const servers = [];
    await use(async (options = {}) => {
      const server = await startServer({ engine, ...options });
      servers.push(server);
      return server;
    });
    for (const server of servers.reverse()) {
      await server.stop();
      if (testInfo.status !== testInfo.expectedStatus) {
        await testInfo.attach('what tresen printed', { body: server.lines.join('\n'), contentType: 'text/plain' });
      }
    }
  },
});
