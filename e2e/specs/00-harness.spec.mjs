// The harness tests itself: it must be able to find something, or a clean result means nothing.
import { assertAccessible, findings } from '../lib/axe.mjs';
import { mailbox, sendFromOutside } from '../lib/mail.mjs';
import { expect, test } from '../lib/test.mjs';
import { blog } from '../lib/wordpress.mjs';

const GOOD = `<!doctype html><html lang="de"><head><title>Gut</title></head><body>
  <main><h1>Posteingang</h1><form><label for="q">Suche</label> <input id="q"><button>Suchen</button></form></main></body></html>`;

const BAD = `<!doctype html><html><head><title>Schlecht</title></head><body>
  <main><h1>Posteingang</h1><input><button></button><p style="color:#bbb;background:#fff">kaum zu lesen</p></main></body></html>`;

test('the browser opens an empty page', async ({ page }) => {
  await page.goto('about:blank');
  expect(await page.evaluate(() => document.body.childElementCount)).toBe(0);
});

test('axe finds nothing in a page that is right', async ({ page }) => {
  await page.setContent(GOOD);
  await assertAccessible(page, 'good page');
});

test('axe finds each fault of a page that is wrong', async ({ page }) => {
  await page.setContent(BAD);
  const rules = (await findings(page)).map((finding) => finding.split(':')[0]);
  expect(new Set(rules)).toEqual(new Set(['html-has-lang', 'label', 'button-name', 'color-contrast', 'target-size']));
  await expect(assertAccessible(page, 'bad page')).rejects.toThrow(/bad page: axe has 5 finding\(s\)[^]*html-has-lang/);
});

test('a mail and its answer arrive, and a mail that never comes is missed', async () => {
  const customer = mailbox('kundin@example.test');
  const company = mailbox('support@firma.test');
  const sent = await customer.send({ to: company.address, subject: 'Wo bleibt mein Paket?', text: 'Grüße' });
  const question = await company.waitFor((mail) => mail.messageId === sent);
  const answered = await company.reply(question, 'Es ist unterwegs.');
  const answer = await customer.waitFor((mail) => mail.messageId === answered);
  expect(answer.inReplyTo).toBe(sent);
  expect(answer.subject).toBe('Re: Wo bleibt mein Paket?');

  // The listener is there before the mail.
  const marker = `Von außen ${Date.now()}`;
  const coming = company.waitFor((mail) => mail.subject === marker);
  await sendFromOutside({ from: 'fremde@anderswo.test', to: company.address, subject: marker, text: 'Hallo' });
  expect((await coming).from.value[0].address).toBe('fremde@anderswo.test');

  await expect(customer.waitFor((mail) => mail.subject === 'nie geschickt', 300)).rejects.toThrow(/no such mail within 0.3 s/);
});

test('a post is published, commented and deleted, and a subscriber may not publish', async () => {
  const editor = blog('editor');
  const post = await editor.publishPost({ title: 'Neue Sorten', content: 'Ab Montag gibt es Dinkelbrot.' });
  const visitor = blog('visitor');
  await visitor.comment({ post: post.id, name: 'Max', email: 'max@example.test', content: `Endlich! ${Date.now()}` });
  expect(await editor.comments(post.id)).toHaveLength(1);
  await expect(blog('subscriber').publishPost({ title: 'Nein', content: 'Nein' })).rejects.toThrow(/WordPress refuses POST \/posts: 403/);
  await editor.deletePost(post.id);
  await expect(visitor.request('GET', `/posts/${post.id}`)).rejects.toThrow(/404/);
});
