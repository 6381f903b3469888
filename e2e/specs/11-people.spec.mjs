// People, as they meet the program: invited by mail, let in and kept out, a forgotten password, a lost device, a second brand.
import { PERSON, peersAllowed, setUp } from '../lib/company.mjs';
import { mailbox } from '../lib/mail.mjs';
import { peer } from '../lib/peers.mjs';
import { expect, test } from '../lib/test.mjs';

/** The company's own way out for invitations and resets. */
function systemMail() {
  const at = peer('mail');
  const support = at.accounts.find((one) => one.user === 'support@firma.test');
  return {
    TRESEN_MAIL_HOST: at.host,
    TRESEN_MAIL_PORT: String(at.smtps),
    TRESEN_MAIL_SECURITY: 'tls',
    TRESEN_MAIL_USER: support.user,
    TRESEN_MAIL_PASSWORD: support.password,
    TRESEN_MAIL_FROM: support.user,
  };
}

/** The link of a mail, on the port this run happens to have. */
const linkIn = (mail, server) => server.url + new URL(mail.text.match(/https?:\/\/\S+/)[0]).pathname;

async function signIn(page, server, email, password) {
  await page.goto(`${server.url}/login`);
  await page.getByLabel('E-Mail').fill(email);
  await page.getByLabel('Passwort').fill(password);
  await page.getByRole('button', { name: 'Anmelden' }).click();
}

test('invited, reset, signed out from afar, and strictly apart', async ({ page, browser, launch }) => {
  test.setTimeout(120_000);
  const server = await launch({ config: { ...peersAllowed(), ...systemMail() } });
  const guest = mailbox('kundin@example.test');
  const began = Date.now();
  const isNew = (mail) => mail.date.getTime() >= began - 2_000 && mail.text.includes('http');
  const elsewhere = async () => (await browser.newContext({ locale: 'de-DE' })).newPage();
  await setUp(page, server);

  const brand = 'Zweitmarke';
  await test.step('a second brand, with a switch between the two', async () => {
    await page.goto(`${server.url}/workspaces/new`);
    await page.getByLabel('Name der Firma oder Marke').fill(brand);
    await page.getByRole('button', { name: 'Hinzufügen' }).click();
    await expect(page).toHaveURL(/\/zweitmarke\//);
    await page.getByLabel(`Arbeitsbereich wechseln, jetzt ${brand}`).click();
    await page.getByRole('link', { name: 'Firma', exact: true }).click();
    await expect(page).toHaveURL(/\/firma\/inbox/);
  });

  const colleague = await elsewhere();
  await test.step('an invitation by mail, limited to service', async () => {
    await page.goto(`${server.url}/firma/settings/members`);
    await page.getByRole('link', { name: 'Einladen' }).click();
    await page.getByLabel('E-Mail').fill(guest.address);
    await page.getByRole('checkbox', { name: /^Service/ }).check();
    await page.getByRole('button', { name: 'Einladung senden' }).click();
    await expect(page.locator('main')).toContainText(guest.address);
    const mail = await guest.waitFor((one) => isNew(one) && /Firma/.test(one.subject));
    await colleague.goto(linkIn(mail, server));
    await colleague.getByLabel('Name', { exact: true }).fill('Sabine Wirth');
    await colleague.getByLabel('Passwort').fill('noch ein langer Satz');
    await colleague.getByRole('button', { name: 'Dabei sein' }).click();
    await expect(colleague).toHaveURL(/\/firma\/inbox/);
  });

  await test.step('who may not is told which right is missing; the other brand does not exist for her', async () => {
    await colleague.goto(`${server.url}/firma/settings/members/new`);
    await expect(colleague.locator('main')).toContainText('Verwaltung');
    expect((await colleague.goto(`${server.url}/zweitmarke/inbox`)).status()).toBe(404);
    await expect(colleague.getByText(brand)).toHaveCount(0);
  });

  await test.step('a forgotten password', async () => {
    const lost = await elsewhere();
    await lost.goto(`${server.url}/login`);
    await lost.getByRole('link', { name: /Vergessen/ }).click();
    await lost.getByLabel('E-Mail').fill(guest.address);
    await lost.getByRole('button', { name: 'Link anfordern' }).click();
    await expect(lost.getByRole('heading', { name: 'Bitte sehen Sie in Ihr Postfach' })).toBeVisible();
    const mail = await guest.waitFor((one) => isNew(one) && one.text.includes('/reset/'));
    await lost.goto(linkIn(mail, server));
    await lost.getByLabel('Neues Passwort').fill('ein ganz neuer langer Satz');
    await lost.getByRole('button', { name: 'Passwort festlegen' }).click();
    await expect(lost).toHaveURL(/\/firma\/inbox/);
    // All other devices are out, and the old words open nothing.
    await colleague.goto(`${server.url}/firma/inbox`);
    await expect(colleague).toHaveURL(/\/login/);
    await signIn(colleague, server, guest.address, 'noch ein langer Satz');
    await expect(colleague.getByRole('alert').or(colleague.locator('.error')).first()).toBeVisible();
    await signIn(colleague, server, guest.address, 'ein ganz neuer langer Satz');
    await expect(colleague).toHaveURL(/\/firma\/inbox/);
    await lost.context().close();
  });

  await test.step('a lost device is signed out from another one', async () => {
    const second = await elsewhere();
    await signIn(second, server, PERSON.email, PERSON.password);
    await expect(second).toHaveURL(/\/inbox/);
    await page.goto(`${server.url}/me`);
    await expect(page.locator('tbody tr')).toHaveCount(2);
    await page.locator('tbody').getByRole('button', { name: 'Abmelden' }).click();
    await expect(page.locator('tbody tr')).toHaveCount(1);
    await second.goto(`${server.url}/firma/inbox`);
    await expect(second).toHaveURL(/\/login/);
    await second.context().close();
  });

  await test.step('a role of one\'s own, and the log of all of it', async () => {
    await page.goto(`${server.url}/firma/settings/roles/new`);
    await page.getByLabel('Name', { exact: true }).fill('Aushilfe');
    await page.locator('main input[type=checkbox]').first().check();
    await page.getByRole('button', { name: 'Speichern' }).click();
    await expect(page.locator('main')).toContainText('Aushilfe');
    await page.goto(`${server.url}/firma/settings/audit`);
    for (const done of ['hat jemanden eingeladen', 'hat eine Einladung angenommen', 'hat eine Rolle angelegt']) await expect(page.locator('tbody')).toContainText(done);
    await page.getByLabel('Bereich', { exact: true }).selectOption({ label: 'Rollen' });
    await page.getByRole('button', { name: 'Filtern' }).click();
    await expect(page.locator('tbody')).toContainText('Aushilfe');
    await expect(page.locator('tbody')).not.toContainText('eingeladen');
  });

  await test.step('who guesses has to wait', async () => {
    const guesser = await elsewhere();
    for (let n = 0; n < 11; n++) await signIn(guesser, server, 'niemand@firma.test', `geraten ${n}`);
    await expect(guesser.locator('body')).toContainText(/warten|Minuten/i);
    await guesser.context().close();
  });
  await colleague.context().close();
});
