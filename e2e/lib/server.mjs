// Starts the program under test, each time with a store of its own, and stops exactly the process it started.
import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';

const REPOSITORY = resolve(import.meta.dirname, '../..');
const READY_WITHIN_MS = 30_000;
const DEMO_READY_WITHIN_MS = 180_000;
const STOP_WITHIN_MS = 10_000;

/** A PostgreSQL address whose user may create databases, or nothing. */
export function postgresUrl() {
  return process.env.TRESEN_TEST_PG || undefined;
}

/** The development build; TRESEN_BIN names another one. */
export function binary() {
  return process.env.TRESEN_BIN ?? join(process.env.CARGO_TARGET_DIR ?? join(REPOSITORY, 'target'), 'debug', 'tresen');
}

const running = new Set();
// When the test runner itself is ended, nothing of ours stays behind.
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));

/**
 * Starts `tresen serve` on a free port and waits until it answers.
 *
 * @param {object} [options]
 * @param {'sqlite'|'postgres'} [options.engine] which store; each start gets an empty one unless `data`/`database` are given
 * @param {Record<string, string>} [options.config] settings, e.g. `{ TRESEN__MAIL__HOST: '127.0.0.1' }`
 * @param {string[]} [options.arguments] further arguments of `serve`
 * @param {string} [options.data] an existing data folder (to start again on the same store); it is then kept
 * @param {string} [options.database] an existing database address; it is then kept
 * @returns {Promise<Server>}
 * @throws {Error} when the program ends early or is not ready within 30 s; the message holds what it printed
 */
export async function startServer(options = {}) {
  const engine = options.engine ?? 'sqlite';
  const data = options.data ?? mkdtempSync(join(tmpdir(), 'tresen-data-'));
  const database = options.database ?? (engine === 'postgres' ? createDatabase() : undefined);

  const args = ['serve', '--listen', '127.0.0.1:0', '--data', data];
  if (database) args.push('--database', database);
  args.push(...(options.arguments ?? []));
  return start(args, options.config, { data, database, keepData: Boolean(options.data), keepDatabase: Boolean(options.database) }, READY_WITHIN_MS);
}

/**
 * Starts `tresen demo`, the example company, on a free port with a folder of its own. Its people stand on `/demo`.
 * @param {object} [options]
 * @param {number} [options.seed] the same seed, the same story
 * @param {number} [options.pace] how many times faster than the clock its town lives
 * @param {string} [options.data] the folder of a demo that goes on; it is then kept
 * @returns {Promise<Server>}
 * @throws {Error} as `startServer`; writing 90 days of past may take longer
 */
export function startDemo({ seed = 1, pace = 1, data } = {}) {
  const folder = data ?? mkdtempSync(join(tmpdir(), 'tresen-demo-'));
  const args = ['demo', '--listen', '127.0.0.1:0', '--data', folder, '--seed', String(seed), '--pace', String(pace)];
  return start(args, {}, { data: folder, keepData: Boolean(data) }, DEMO_READY_WITHIN_MS);
}

async function start(args, config, store, readyWithinMs) {
  const program = binary();
  if (!existsSync(program)) throw new Error(`${program} is missing: run \`cargo build\` first`);
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env: cleanEnvironment(config) });
  running.add(child);
  child.once('exit', () => running.delete(child));

  const server = new Server(child, store);
  try {
    await server.untilReady(readyWithinMs);
  } catch (error) {
    await server.stop();
    throw error;
  }
  return server;
}

// The settings of the person who runs the tests must not reach the program under test.
function cleanEnvironment(config = {}) {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('TRESEN_'));
  return { ...Object.fromEntries(inherited), ...config };
}

/** A running program. */
export class Server {
  /** Where it answers, without a slash at the end. @type {string} */
  url;
  /** The one-time link of the first set-up that it printed, if any. @type {string | undefined} */
  setupLink;
  /** Everything it printed, line by line. @type {string[]} */
  lines = [];
  #child;
  #store;
  #waiting = new Set();

  constructor(child, store) {
    this.#child = child;
    this.#store = store;
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => this.#take(line));
    }
    child.once('error', (error) => this.#take(`could not be started: ${error.message}`));
  }

  get data() {
    return this.#store.data;
  }

  get database() {
    return this.#store.database;
  }

  #take(line) {
    this.lines.push(line);
    this.url ??= line.match(/^ready (https?:\/\/\S+?)\/?$/)?.[1];
    this.setupLink ??= line.match(/https?:\/\/\S*\/set-?up\S*/)?.[0];
    for (const check of this.#waiting) check();
  }

  untilReady(withinMs) {
    return this.until(() => this.url, withinMs, 'to be ready');
  }

  /** Resolves with the first line, past or future, that matches. */
  async printed(pattern, withinMs = 10_000) {
    return this.until(() => this.lines.find((line) => pattern.test(line)), withinMs, `to print ${pattern}`);
  }

  /** Asks again after each line printed; rejects when the program ends or the time is over. */
  until(ask, withinMs, what) {
    return new Promise((fulfil, reject) => {
      const end = (settle, value) => {
        clearTimeout(timer);
        this.#waiting.delete(check);
        this.#child.off('close', closed);
        settle(value);
      };
      const fail = (why) => end(reject, new Error(`tresen was expected ${what}, but ${why}. It printed:\n${this.lines.join('\n')}`));
      const check = () => {
        const answer = ask();
        if (answer) end(fulfil, answer);
      };
      const closed = () => fail(`ended with ${this.#child.exitCode ?? this.#child.signalCode}`);
      const timer = setTimeout(() => fail(`${withinMs / 1000} s passed`), withinMs);
      this.#waiting.add(check);
      this.#child.once('close', closed);
      check();
    });
  }

  /** Ends the process the hard way, as a power cut would, and keeps its store. */
  async kill() {
    await this.#end('SIGKILL');
  }

  /** Ends the process politely (SIGTERM, after 10 s SIGKILL) and drops the store it made. Safe to call twice. */
  async stop() {
    await this.#end('SIGTERM');
    if (!this.#store.keepData) rmSync(this.#store.data, { recursive: true, force: true });
    if (this.#store.database && !this.#store.keepDatabase) dropDatabase(this.#store.database);
    this.#store = { ...this.#store, keepData: true, keepDatabase: true };
  }

  async #end(signal) {
    const child = this.#child;
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((fulfil) => child.once('exit', fulfil));
    const insist = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS);
    child.kill(signal);
    await gone;
    clearTimeout(insist);
  }
}

function psql(url, sql) {
  const done = spawnSync('psql', ['-X', '-q', url, '-v', 'ON_ERROR_STOP=1', '-c', sql], { encoding: 'utf8' });
  if (done.error) throw done.error;
  if (done.status !== 0) throw new Error(`psql: ${done.stderr}`);
}

function createDatabase() {
  const base = postgresUrl();
  if (!base) throw new Error('TRESEN_TEST_PG is not set: there is no PostgreSQL to test with');
  const url = new URL(base);
  const name = `e2e_${randomBytes(6).toString('hex')}`;
  psql(base, `create database ${name}`);
  url.pathname = `/${name}`;
  return url.href;
}

function dropDatabase(url) {
  psql(postgresUrl(), `drop database if exists ${new URL(url).pathname.slice(1)} with (force)`);
}
