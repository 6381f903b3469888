// A company that has just begun: its first person, and the mail account that customers write to.
import { expect } from '@playwright/test';
import { peer } from './peers.mjs';

export const PERSON = { name: 'Jana Kern', email: 'jana@firma.test', password: 'ein langer Satz als Passwort' };
export const HOME = '/firma';

/** What no other run has written, so that old mails in the peer's store are not mistaken for new ones. */
export const marker = () => `q${Date.now().toString(36)}${Math.floor(Math.random() * 1e6).toString(36)}`;

/** The program may talk to the peers on loopback and trusts the mail peer's certificate. */
export const peersAllowed = () => ({ TRESEN_ALLOW_PRIVATE: '127.0.0.0/8', TRESEN_EXTRA_CA: peer('mail').ca_file });

/** From the one-time link to an empty inbox, in German. */
export async function setUp(page, server) {
  await page.goto(server.setupLink);
  await page.getByLabel('Name', { exact: true }).fill(PERSON.name);
  await page.getByLabel('E-Mail').fill(PERSON.email);
  await page.getByLabel('Passwort').fill(PERSON.password);
  await page.getByLabel('Name der Firma oder Marke').fill('Firma');
  await page.getByRole('button', { name: 'Einrichten' }).click();
  await expect(page).toHaveURL(/\/firma\/inbox/);
}

/**
 * Connects a mailbox of the mail peer and waits until its history has been read.
 * @param {string} address
 * @param {object} [options]
 * @param {number} [options.smtps] another way out than the peer's own port
 * @param {string} [options.folders] what is read, where it is not the inbox alone
 */
export async function connectMail(page, server, address, { smtps = peer('mail').smtps, folders } = {}) {
  const at = peer('mail');
  await page.goto(`${server.url}${HOME}/settings/channels/new/mail`);
  await page.getByLabel('E-Mail-Adresse').fill(address);
  await page.getByLabel('Benutzername', { exact: true }).fill(address);
  await page.getByLabel('Passwort', { exact: true }).fill(at.accounts.find((one) => one.user === address).password);
  await page.getByLabel('Posteingangsserver (IMAP)').fill(at.host);
  await page.getByLabel('Postausgangsserver (SMTP)').fill(at.host);
  await page.getByText('Weitere Einstellungen').click();
  await page.getByLabel('Port für IMAP').fill(String(at.imaps));
  await page.getByLabel('Port für SMTP').fill(String(smtps));
  if (folders) await page.getByLabel('Ordner', { exact: true }).fill(folders);
  await page.getByRole('button', { name: 'Verbindung prüfen und verbinden' }).click();
  await expect(page.getByText('Konto verbunden.')).toBeVisible();
  await expect(async () => {
    await page.reload();
    await expect(page.getByText('Zuletzt erfolgreich')).toBeVisible({ timeout: 500 });
  }).toPass({ timeout: 20_000 });
}
