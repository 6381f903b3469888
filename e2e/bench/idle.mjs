// An empty `serve` on SQLite: from starting the process to its first answer (new folder and existing one, several times each), and what it
// holds in memory after a minute. Prints one JSON object. `TRESEN_BIN` names the program.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { get } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { binary } from '../lib/server.mjs';

const TIMES = 9;
const IDLE_MS = 60_000;
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
const median = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)];

function freePort() {
  return new Promise((done) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });
}

function answers(port) {
  return new Promise((done) => {
    get({ host: '127.0.0.1', port, path: '/login', agent: false }, (answer) => { answer.resume(); answer.on('end', () => done(true)); }).on('error', () => done(false));
  });
}

/** Milliseconds until the log-in page (or set-up's) came, and the process. */
async function start(data) {
  const port = await freePort();
  const began = performance.now();
  const child = spawn(binary(), ['serve', '--listen', `127.0.0.1:${port}`, '--data', data], { stdio: 'ignore' });
  while (!(await answers(port))) await sleep(2);
  return { took: performance.now() - began, child };
}

const stop = (child) => new Promise((done) => { child.once('exit', done); child.kill('SIGTERM'); });

const fresh = [], again = [];
const kept = mkdtempSync(join(tmpdir(), 'tresen-idle-'));
await stop((await start(kept)).child);
for (let n = 0; n < TIMES; n++) {
  const data = mkdtempSync(join(tmpdir(), 'tresen-idle-'));
  for (const [folder, into] of [[data, fresh], [kept, again]]) {
    const { took, child } = await start(folder);
    into.push(took);
    await stop(child);
  }
  rmSync(data, { recursive: true });
}
const { child } = await start(kept);
await sleep(IDLE_MS);
const rss = Number(readFileSync(`/proc/${child.pid}/status`, 'utf8').match(/VmRSS:\s+(\d+)/)[1]) / 1024;
await stop(child);
rmSync(kept, { recursive: true });
console.log(JSON.stringify({ bench: 'idle', start_new_ms: Math.round(median(fresh)), start_again_ms: Math.round(median(again)), rss_mb: Math.round(rss * 10) / 10, binary_mb: Math.round(statSync(binary()).size / 104857.6) / 10 }));
