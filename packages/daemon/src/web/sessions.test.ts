// Links, sessions and tokens: how long each is good, how often, and what is left of it on disk.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { isFault } from '@ctvirt/engine';
import { Refusal } from '../http/refusal.js';
import { terms, WebSessions } from './sessions.js';
import { openStore } from './store.js';

const hour = 3_600_000;

/** Sessions by a clock that the test sets, in a folder that outlives them. */
function house(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'ctvirt-web-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const clock = { ms: Date.UTC(2026, 10, 30) };
  const warnings: string[] = [];
  const open = () => {
    const { store, kept } = openStore({ run: folder, lib: folder }, (text) => warnings.push(text));
    return new WebSessions(store, kept, () => clock.ms);
  };
  return { folder, clock, warnings, open };
}

async function entered(sessions: WebSessions, role: 'viewer' | 'admin' = 'admin') {
  const { secret, cookie, id } = await sessions.enter(sessions.newLink(role, 12 * hour).secret);
  return { id, key: secret, cookie, find: (of = sessions) => of.find(secret, () => [cookie]) };
}

const statusOf = (call: Promise<unknown>): Promise<number | undefined> =>
  call.then(
    () => undefined,
    (error: unknown) => (error instanceof Refusal ? error.status : -1),
  );

test('Guessing, replay of the link: it is good once, for 60 seconds', async (t) => {
  const { clock, open } = house(t);
  const sessions = open();
  const { secret, id } = sessions.newLink('viewer', hour);
  assert.equal(Buffer.from(secret, 'base64url').length, 32);
  const session = await sessions.enter(secret);
  assert.deepEqual([session.id, session.role], [id, 'viewer']);
  assert.equal(await statusOf(sessions.enter(secret)), 401);
  // Nor is what it became a link, or another's id a way in.
  assert.equal(await statusOf(sessions.enter(session.secret)), 401);
  const [slow, late] = [sessions.newLink('viewer', hour), sessions.newLink('viewer', hour)];
  clock.ms += 59_000;
  await sessions.enter(slow.secret);
  clock.ms += 2000;
  assert.equal(await statusOf(sessions.enter(late.secret)), 401);
});

test('Guessing, replay of the link: ten wrong tries a second, and a right one at any time', async (t) => {
  const sessions = house(t).open();
  // All of it within one second, however slow the disk.
  t.mock.method(performance, 'now', () => 5000);
  const { secret } = sessions.newLink('viewer', hour);
  const tries = await Promise.all(Array.from({ length: 15 }, () => statusOf(sessions.enter('x'.repeat(43)))));
  assert.equal(tries.filter((status) => status === 401).length, 10);
  assert.equal(tries.filter((status) => status === 429).length, 5);
  assert.equal(await statusOf(sessions.enter(secret)), undefined);
  // Good once, even then.
  assert.equal(await statusOf(sessions.enter(secret)), 429);
});

test('both halves make a session, neither does, nor do those of two', async (t) => {
  const sessions = house(t).open();
  const [one, other] = [await entered(sessions), await entered(sessions)];
  assert.equal(one.find()?.role, 'admin');
  assert.equal(
    sessions.find(one.key, () => []),
    undefined,
  );
  assert.equal(
    sessions.find(one.key, () => [other.cookie]),
    undefined,
  );
  for (const key of ['', 'x', one.id, `${one.id}.`, one.key.slice(0, -1), `${one.key}A`, one.key.slice(9)])
    assert.equal(
      sessions.find(key, () => [one.cookie]),
      undefined,
      key,
    );
  // A session is no token, a token no session.
  assert.equal(sessions.findToken(one.key), undefined);
  const token = await sessions.newToken('metrics', hour);
  assert.equal(sessions.findToken(token.secret)?.role, 'metrics');
  assert.equal(
    sessions.find(token.secret, () => ['']),
    undefined,
  );
});

test('a session lasts 12 hours in all and half an hour unused, but not while something is open in it', async (t) => {
  const { clock, open } = house(t);
  const sessions = open();
  const { find } = await entered(sessions);
  clock.ms += terms.idleMs - 1;
  assert.ok(find());
  clock.ms += terms.idleMs - 1;
  const entry = find();
  assert.ok(entry);
  let ends = 0;
  const release = sessions.hold(entry, () => ends++, { isLong: true });
  clock.ms += 2 * terms.idleMs;
  assert.ok(find());
  release();
  clock.ms += terms.idleMs;
  assert.equal(find(), undefined);
  assert.equal(ends, 0);
  const second = await entered(sessions);
  const held = second.find();
  assert.ok(held);
  sessions.hold(held, () => ends++, { isLong: true });
  clock.ms += 12 * hour;
  // Nobody has looked yet, and what begins now asks.
  assert.equal(sessions.isIn(held), false);
  assert.deepEqual([second.find(), ends], [undefined, 1]);
});

test('a clock that is set back far ends sessions, and does not make them last', async (t) => {
  const { clock, open } = house(t);
  const sessions = open();
  const { find } = await entered(sessions);
  clock.ms -= 30_000;
  assert.ok(find());
  clock.ms -= 24 * hour;
  assert.equal(find(), undefined);
});

test('32 at most, links included, and room again when one ends', async (t) => {
  const sessions = house(t).open();
  const { id } = await entered(sessions);
  for (let count = 1; count < terms.sessions; count++) sessions.newLink('viewer', hour);
  assert.throws(
    () => sessions.newLink('viewer', hour),
    (error) => isFault(error, 'busy'),
  );
  await sessions.revoke(id);
  sessions.newLink('viewer', hour);
});

test('64 streams and terminals in a session at most', async (t) => {
  const sessions = house(t).open();
  const entry = (await entered(sessions)).find();
  assert.ok(entry);
  const releases = Array.from({ length: terms.open }, () =>
    sessions.hold(entry, () => undefined, { isLong: true }),
  );
  assert.throws(
    () => sessions.hold(entry, () => undefined, { isLong: true }),
    (error) => error instanceof Refusal && error.status === 429,
  );
  releases[0]?.();
  sessions.hold(entry, () => undefined, { isLong: true });
});

test('whom the next daemon knows: sessions and tokens, by their digests alone, and no links', async (t) => {
  const { clock, folder, open } = house(t);
  const sessions = open();
  const { key, cookie, find, id } = await entered(sessions);
  const link = sessions.newLink('viewer', hour);
  const token = await sessions.newToken('metrics', 10 * 366 * 24 * hour);
  const files = ['web-sessions.json', 'web-tokens.json'].map((name) => join(folder, name));
  for (const file of files) {
    assert.equal(statSync(file).mode & 0o777, 0o600);
    for (const secret of [key.slice(9), cookie, token.secret.slice(9), link.secret])
      assert.doesNotMatch(readFileSync(file, 'utf8'), new RegExp(secret));
  }
  const next = open();
  assert.ok(find(next));
  assert.ok(next.findToken(token.secret));
  assert.equal(await statusOf(next.enter(link.secret)), 401);
  assert.deepEqual(
    next.list().map(({ state }) => state),
    ['open', 'token'],
  );
  await next.revoke(id);
  assert.equal(find(open()), undefined);
  clock.ms += 5 * 366 * 24 * hour;
  assert.deepEqual(
    open()
      .list()
      .map(({ state }) => state),
    ['token'],
  );
});

test('all sessions end at once where they may be known to others, and tokens are kept', async (t) => {
  const sessions = house(t).open();
  const { find } = await entered(sessions);
  sessions.newLink('viewer', hour);
  const token = await sessions.newToken('metrics', hour);
  await sessions.endSessions();
  assert.equal(find(), undefined);
  assert.deepEqual(
    sessions.list().map(({ state }) => state),
    ['token'],
  );
  assert.ok(sessions.findToken(token.secret));
});

test('when a session was last used is known to the next daemon', async (t) => {
  const { clock, open } = house(t);
  const sessions = open();
  const { find } = await entered(sessions);
  clock.ms += terms.idleMs - 1;
  find();
  await sessions.sweep();
  clock.ms += terms.idleMs - 1;
  assert.ok(find(open()));
});

test('a file that is damaged ends sessions and no daemon', async (t) => {
  const { folder, open, warnings } = house(t);
  const { find } = await entered(open());
  const whole = readFileSync(join(folder, 'web-sessions.json'), 'utf8');
  for (const damaged of ['', '{', '{}', '[1]', whole.slice(0, -2), whole.replace('"admin"', '"root"')]) {
    writeFileSync(join(folder, 'web-sessions.json'), damaged);
    assert.equal(find(open()), undefined, damaged);
  }
  assert.equal(warnings.length, 6);
});

test('a session that cannot be kept is none', async () => {
  const sessions = new WebSessions({ write: () => Promise.reject(new Error('full')) }, []);
  const { secret } = sessions.newLink('viewer', hour);
  await assert.rejects(sessions.enter(secret), /full/);
  assert.deepEqual(sessions.list(), []);
});
