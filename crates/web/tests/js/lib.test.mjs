// Pure helpers of the scripts: `node --test crates/web/tests/js`.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mock, test } from 'node:test';
import vm from 'node:vm';

const source = readFileSync(new URL('../../assets/lib.js', import.meta.url), 'utf8');
const tresen = vm.runInThisContext(`${source}; tresen`);

const key = (name, also = {}) => tresen.keyIn({ key: name, getModifierState: (state) => state === also.state, ...also });

test('a template is filled, and a name without a value stays to be seen', () => {
  assert.equal(tresen.fill('{n} neue {what}', { n: 3 }), '3 neue {what}');
});

test('commands are found without accents, in any order, and only with every word', () => {
  assert.ok(tresen.finds('Gespräch zurückstellen', 'stell GESPRACH'));
  assert.ok(tresen.finds('Straße', 'strasse'));
  assert.ok(!tresen.finds('Gespräch zurückstellen', 'gespräch label'));
});

test('event positions are compared as the 64-bit numbers they are', () => {
  assert.ok(tresen.isLater('7.9007199254740995', '7.9007199254740994'));
  assert.ok(tresen.isLater('10.1', '9.99'));
  assert.ok(!tresen.isLater('7.5', '7.5'));
  assert.ok(tresen.isLater('0.0', ''));
  assert.ok(tresen.isLater('06FDSGRR00001', '06FDSGRR00002'), 'ids tell no order');
});

test('only the path of a conversation holds its id', () => {
  assert.equal(tresen.conversationIn('/nordwind/inbox/01abc', '/nordwind'), '01abc');
  assert.equal(tresen.conversationIn('/nordwind/inbox', '/nordwind'), '');
  assert.equal(tresen.conversationIn('/nordwind/inbox/01abc/reply', '/nordwind'), '');
  assert.equal(tresen.conversationIn('/other/inbox/01abc', '/nordwind'), '');
});

test('keys are characters, whichever way a keyboard makes them', () => {
  assert.equal(key('j'), 'j');
  assert.equal(key('J', { shiftKey: true }), '');
  assert.equal(key('J'), 'j', 'caps lock');
  assert.equal(key('?', { shiftKey: true }), '?');
  assert.equal(key('j', { ctrlKey: true }), '');
  assert.equal(key('j', { metaKey: true }), '');
  assert.equal(key('[', { ctrlKey: true, altKey: true, state: 'AltGraph' }), '[', 'German on Windows');
  assert.equal(key('[', { altKey: true }), '[', 'German on a Mac');
  assert.equal(key('[', { ctrlKey: true }), '');
  assert.equal(key('Tab'), '');
});

test('a throttled call comes after its delay, then once in a gap, and the last is not lost', () => {
  mock.timers.enable({ apis: ['setTimeout', 'Date'] });
  let runs = 0;
  const call = tresen.throttle(() => (runs += 1), 2000, 300);
  call();
  call();
  assert.equal(runs, 0);
  mock.timers.tick(300);
  assert.equal(runs, 1);
  call();
  mock.timers.tick(1999);
  assert.equal(runs, 1);
  mock.timers.tick(1);
  assert.equal(runs, 2);
  mock.timers.tick(10_000);
  assert.equal(runs, 2);
  mock.timers.reset();
});
