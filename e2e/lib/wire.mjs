// A wire to another server that breaks on demand. It reads nothing of what passes: the encryption is between the two ends.
import { connect, createServer } from 'node:net';

/** A mail of more bytes than this is the mail itself; what is said before it is far shorter, the handshake included. */
const TALK_BYTES = 12_000;
/** So long nothing more comes from somebody who waits for an answer. */
const SILENCE_MS = 250;

/**
 * @param {number} port of the real server on loopback
 * @returns {Promise<{ port: number, cut: () => void, mend: () => void, loseAnswer: () => Promise<void>, close: () => void }>}
 *   `cut`: everything on it breaks, and nothing comes through until `mend`;
 *   `loseAnswer`: the next mail of more than 12 kB is taken from its sender, never handed on and never answered;
 *   it resolves when that has happened
 */
export async function wireTo(port) {
  const open = new Set();
  let lost = null;
  let isCut = false;
  const hangUp = () => open.forEach((end) => end.destroy());
  const server = createServer((near) => {
    if (isCut) return near.destroy();
    const far = connect(port, '127.0.0.1');
    let bytes = 0;
    let silence;
    const end = () => [near, far].forEach((side) => side.destroy());
    for (const side of [near, far]) {
      open.add(side);
      side.on('error', end).on('close', end).on('close', () => open.delete(side));
    }
    far.on('data', (data) => near.write(data));
    near.on('data', (data) => {
      bytes += data.length;
      if (!lost || bytes < TALK_BYTES) return far.write(data);
      // The sender gets rid of everything it has to say, and then waits.
      clearTimeout(silence);
      silence = setTimeout(() => {
        end();
        lost?.();
        lost = null;
      }, SILENCE_MS);
    });
  });
  await new Promise((fulfil) => server.listen(0, '127.0.0.1', fulfil));
  return {
    port: server.address().port,
    cut: () => {
      isCut = true;
      hangUp();
    },
    mend: () => (isCut = false),
    loseAnswer: () => new Promise((fulfil) => (lost = fulfil)),
    close: () => {
      server.close();
      hangUp();
    },
  };
}
