// Be somebody who writes mails: send through the peer's SMTP, read over its IMAP.
import { readFileSync } from 'node:fs';
import { ImapFlow } from 'imapflow';
import { simpleParser } from 'mailparser';
import nodemailer from 'nodemailer';
import { peer } from './peers.mjs';

const WAIT_MS = 20_000;

/**
 * An account of the mail peer.
 * @param {string} user `kundin@example.test` is the customer, `support@firma.test` the company
 */
export function mailbox(user = 'kundin@example.test') {
  const at = peer('mail');
  const account = at.accounts.find((one) => one.user === user);
  if (!account) throw new Error(`the mail peer has no account ${user}`);
  return new Mailbox(at, account);
}

/**
 * Sends as a foreign mail server would: no password, any sender, only to addresses of the peer.
 * @param {object} mail as nodemailer takes it: from, to, subject, text, html, headers, attachments, raw …
 * @returns {Promise<string>} its Message-ID
 */
export async function sendFromOutside(mail) {
  const at = peer('mail');
  return deliver({ host: at.host, port: at.smtp, secure: false, ignoreTLS: true }, mail);
}

async function deliver(transport, mail) {
  const sender = nodemailer.createTransport(transport);
  try {
    const sent = await sender.sendMail(mail);
    return sent.messageId;
  } finally {
    sender.close();
  }
}

class Mailbox {
  #at;
  #account;

  constructor(at, account) {
    this.#at = at;
    this.#account = account;
  }

  get address() {
    return this.#account.user;
  }

  get #tls() {
    return { ca: readFileSync(this.#at.ca_file) };
  }

  /**
   * @param {object} mail as nodemailer takes it; `from` is this account unless given
   * @returns {Promise<string>} its Message-ID
   */
  send(mail) {
    const auth = { user: this.#account.user, pass: this.#account.password };
    const transport = { host: this.#at.host, port: this.#at.submission, requireTLS: true, tls: this.#tls, auth };
    return deliver(transport, { from: this.#account.user, ...mail });
  }

  /** Answers a mail got by `waitFor`, with the headers that keep the thread. */
  reply(mail, text) {
    const references = [mail.references ?? [], mail.messageId].flat();
    const subject = /^re:/i.test(mail.subject) ? mail.subject : `Re: ${mail.subject}`;
    return this.send({ to: (mail.replyTo ?? mail.from).text, subject, text, inReplyTo: mail.messageId, references });
  }

  /**
   * The first mail in the inbox, there already or still to come, that the function says yes to.
   * @param {(mail: import('mailparser').ParsedMail) => boolean} wanted
   * @param {number} [withinMs]
   * @returns {Promise<import('mailparser').ParsedMail>}
   * @throws {Error} that lists the subjects seen, when the time is over
   */
  async waitFor(wanted, withinMs = WAIT_MS) {
    const seen = [];
    return this.#open(async (client) => {
      const deadline = Date.now() + withinMs;
      let next = 1;
      for (;;) {
        // Asked for before reading, so that a mail arriving meanwhile is not missed.
        const more = arrival(client, deadline);
        try {
          for await (const part of client.fetch(`${next}:*`, { uid: true, source: true }, { uid: true })) {
            if (part.uid < next) continue; // `n:*` always names the last mail, even below n
            next = part.uid + 1;
            const mail = await simpleParser(part.source);
            seen.push(mail.subject);
            if (wanted(mail)) return mail;
          }
          // The next command ends it; by itself imapflow would idle only after 15 s.
          client.idle().catch(() => {});
          if (!(await more.promise)) throw new Error(`${this.address} got no such mail within ${withinMs / 1000} s, only: ${seen.join(' | ') || 'nothing'}`);
        } finally {
          more.cancel();
        }
      }
    });
  }

  /** Every mail in the inbox now. */
  all() {
    return this.#open(async (client) => {
      const sources = [];
      for await (const part of client.fetch('1:*', { source: true })) sources.push(part.source);
      return Promise.all(sources.map((source) => simpleParser(source)));
    });
  }

  /**
   * Does with the mailbox what its owner's mail program would: folders, flags.
   * @template T
   * @param {(client: ImapFlow) => Promise<T>} work
   * @returns {Promise<T>}
   */
  async imap(work) {
    const auth = { user: this.#account.user, pass: this.#account.password };
    const client = new ImapFlow({ host: this.#at.host, port: this.#at.imaps, secure: true, tls: this.#tls, auth, logger: false });
    await client.connect();
    try {
      return await work(client);
    } finally {
      client.close();
    }
  }

  #open(work) {
    return this.imap(async (client) => {
      const lock = await client.getMailboxLock('INBOX');
      try {
        return await work(client);
      } finally {
        lock.release();
      }
    });
  }
}

// Resolves to true when the server tells of a new mail (it is idling meanwhile), to false at the deadline.
function arrival(client, deadline) {
  let cancel;
  const promise = new Promise((fulfil) => {
    const told = () => done(true);
    const timer = setTimeout(() => done(false), Math.max(0, deadline - Date.now()));
    const done = (answer) => {
      clearTimeout(timer);
      client.off('exists', told);
      fulfil(answer);
    };
    cancel = () => done(false);
    client.once('exists', told);
  });
  return { promise, cancel };
}
