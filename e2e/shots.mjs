// Takes every page × language × theme × width into a folder, with a contact sheet (index.html) to look through.
//   node shots.mjs OUT --url http://127.0.0.1:8080 [--language de,en] [--theme light,dark,contrast] [--width 1440,390] [--only NAME] [--pages FILE]
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { chromium } from '@playwright/test';
import { CHROMIUM, CHROMIUM_ARGUMENTS } from './lib/chromium.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    url: { type: 'string' },
    language: { type: 'string', default: 'de,en' },
    theme: { type: 'string', default: 'light,dark,contrast' },
    width: { type: 'string', default: '1440,390' },
    only: { type: 'string' },
    pages: { type: 'string', default: join(import.meta.dirname, 'lib/pages.mjs') },
  },
});
const out = positionals[0];
if (!out || !values.url) fail('usage: node shots.mjs OUT --url ADDRESS [--language de,en] [--theme light,dark,contrast] [--width 1440,390] [--only NAME]');

const { PAGES, pathOf, signIn } = await import(pathToFileURL(resolve(values.pages)).href);
const pages = PAGES.filter((page) => !values.only || page.name === values.only);
if (pages.length === 0) fail(values.only ? `no page is called ${values.only}` : `${values.pages} lists no pages`);

// The system's settings; they decide as long as a person has chosen nothing else in Tresen.
const THEMES = {
  light: { colorScheme: 'light' },
  dark: { colorScheme: 'dark' },
  contrast: { colorScheme: 'light', contrast: 'more' },
};
const LOCALES = { de: 'de-DE', en: 'en-GB' };

mkdirSync(out, { recursive: true });
const browser = await chromium.launch({ executablePath: CHROMIUM, args: CHROMIUM_ARGUMENTS });
const shots = [];
const problems = [];
try {
  for (const language of values.language.split(',')) {
    for (const theme of values.theme.split(',')) {
      if (!LOCALES[language] || !THEMES[theme]) fail(`unknown language or theme: ${language}, ${theme}`);
      const settings = { locale: LOCALES[language], timezoneId: 'Europe/Berlin', baseURL: values.url, reducedMotion: 'reduce', ...THEMES[theme] };
      const anonymous = await browser.newContext(settings);
      const known = signIn ? await browser.newContext(settings) : anonymous;
      if (signIn) {
        const page = await known.newPage();
        await signIn(page, values.url);
        await page.close();
      }
      for (const wanted of pages) {
        const finder = await known.newPage();
        const path = await pathOf(wanted, finder);
        await finder.close();
        for (const width of values.width.split(',').map(Number)) {
          const page = await (wanted.signedOut ? anonymous : known).newPage();
          await page.setViewportSize({ width, height: width < 600 ? 844 : 900 });
          const file = `${wanted.name}-${language}-${theme}-${width}.png`;
          page.on('console', (message) => message.type() === 'error' && !wanted.status && problems.push(`${file}: ${message.text()}`));
          page.on('pageerror', (error) => problems.push(`${file}: ${error.message}`));
          const answer = await page.goto(path);
          if (answer && answer.status() !== (wanted.status ?? 200)) problems.push(`${file}: ${path} answered ${answer.status()}`);
          await wanted.prepare?.(page);
          const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
          if (wide > 0) problems.push(`${file}: ${wide} px wider than the screen`);
          await page.screenshot({ path: join(out, file), fullPage: true });
          shots.push({ page: wanted.name, language, theme, width, file });
          await page.close();
        }
      }
      await anonymous.close();
      if (known !== anonymous) await known.close();
    }
  }
} finally {
  await browser.close();
}
writeFileSync(join(out, 'index.html'), contactSheet());
for (const problem of problems) console.error(problem);
console.log(`${shots.length} pictures and ${problems.length} problems: ${join(out, 'index.html')}`);
process.exitCode = problems.length > 0 ? 1 : 0;

function contactSheet() {
  const sections = pages.map(({ name }) => {
    const figures = shots
      .filter((shot) => shot.page === name)
      .map(({ file, language, theme, width }) => {
        const label = `${language} · ${theme} · ${width} px`;
        return `<figure><a href="${escape(file)}"><img src="${escape(file)}" alt="${escape(`${name}, ${label}`)}" loading="lazy"></a><figcaption>${label}</figcaption></figure>`;
      });
    return `<h2>${escape(name)}</h2>\n<div class="row">${figures.join('\n')}</div>`;
  });
  const list = problems.map((problem) => `<li>${escape(problem)}</li>`).join('\n');
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Tresen: every page</title><style>
body { font: 14px system-ui; margin: 24px; background: #eee; color: #111 }
.row { display: flex; flex-wrap: wrap; gap: 16px; align-items: start }
figure { margin: 0 } img { height: 280px; max-width: 460px; object-fit: cover; object-position: top; border: 1px solid #999; background: #fff }
</style></head><body><h1>Every page</h1>
${list ? `<h2>Problems</h2><ul>${list}</ul>` : ''}
${sections.join('\n')}
</body></html>
`;
}

function escape(text) {
  return text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

function fail(why) {
  console.error(why);
  process.exit(2);
}
