// The servers of `peers/`: each start.sh leaves one line of JSON with its addresses and accounts.
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * What the peer's start.sh printed (ports, accounts, files).
 * @param {string} name folder below `peers/`
 * @throws {Error} when the peer does not run
 */
export function peer(name) {
  const file = join(process.env.TRESEN_E2E_DIR ?? join(tmpdir(), 'tresen-e2e'), 'peers', name, 'info.json');
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new Error(`the peer ${name} does not run (${file}): start it with e2e/peers/${name}/start.sh, or run ./test`, { cause });
  }
}
