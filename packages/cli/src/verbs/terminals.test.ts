// ctvirt terminals against a daemon: who has which, their end, and how one is taken over.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { Terminal } from '@ctvirt/api';
import { type ClientSession, createClient } from '@ctvirt/api/node';
import { domainXml, withDaemon } from '../testing/harness.js';

describe('ctvirt terminals', () => {
  const { ctvirt, socketPath } = withDaemon();
  const list = async (words = ''): Promise<Terminal[]> =>
    JSON.parse((await ctvirt(`terminals ${words} --json`)).out);
  const head = /^ Id +Domain +Session +State +Since +Last looked at +Kept +Program\n/;

  /** A program of a domain that is kept, whose first words were shown. */
  async function open(domain: string, script: string): Promise<ClientSession> {
    const client = createClient({ socketPath });
    const argv = ['sh', '-c', script];
    const session = await client.domains.exec({ domain, open: { argv, tty: true, keep: true } });
    session.exited.catch(() => undefined);
    await new Promise((resolve) => session.stdout.once('data', resolve));
    return session;
  }

  const idOf = ({ kept }: ClientSession): string => kept?.terminal ?? assert.fail('it is not kept');
  const leave = async (session: ClientSession): Promise<void> => {
    session.close();
    while ((await list()).some(({ id, attached }) => id === idOf(session) && attached)) await delay(20);
  };

  test('shows who has which, and only those of a domain that is named', async () => {
    assert.match((await ctvirt('terminals')).out, head);
    for (const name of ['web', 'shop'])
      assert.equal((await ctvirt('create --transient -', { input: domainXml(name) })).status, 0);
    const [one, other] = [await open('web', 'echo 1234567; read x'), await open('shop', 'echo; read x')];
    await leave(one);
    const { out } = await ctvirt('terminals');
    const [id, otherId] = [idOf(one), idOf(other)].map((all) => all.slice(0, 12));
    assert.match(
      out,
      new RegExp(`^ ${id} +web +root +left +\\S+Z +\\S+Z +8 B +sh -c echo 1234567; read x$`, 'm'),
    );
    assert.match(out, new RegExp(`^ ${otherId} +shop +root +attached `, 'm'));
    assert.deepEqual(
      (await list('shop')).map(({ domain }) => domain),
      ['shop'],
    );
    assert.equal((await ctvirt('terminals nothing')).status, 3);
    assert.match((await ctvirt('terminals --output id,uuid')).out, /^ Id +UUID\n/);
    one.kill();
    other.kill();
    assert.equal((await ctvirt('terminals --end-all')).status, 0);
  });

  test('ends one by as much of its id as names it, or all of a domain', async () => {
    const opened = [await open('web', 'echo; read x'), await open('web', 'echo; read x')];
    const shop = await open('shop', 'echo; read x');
    const [first = assert.fail(), second = assert.fail()] = opened;
    const cut = idOf(first).slice(0, 12);
    assert.deepEqual(await ctvirt(`terminals --end ${cut}`), {
      ...{ status: 0, err: '' },
      out: `Terminal ${cut} of domain 'web' is ended\n`,
    });
    await assert.rejects(first.exited, { code: 'interrupted', message: 'this terminal was ended' });
    const gone = await ctvirt(`terminals --end ${cut}`);
    assert.equal(gone.status, 3);
    assert.match(gone.err, /there is no terminal '.*`ctvirt terminals` tells which there are/);
    assert.equal((await ctvirt(`terminals shop --end ${idOf(second)}`)).status, 3);
    const { out } = await ctvirt('terminals web --end-all --json');
    assert.deepEqual(
      JSON.parse(out).map(({ id }: Terminal) => id),
      [idOf(second)],
    );
    assert.deepEqual(
      (await list()).map(({ id }) => id),
      [idOf(shop)],
    );
    assert.equal((await ctvirt('terminals --end-all')).status, 0);
    assert.deepEqual(await ctvirt('terminals --end-all'), {
      ...{ status: 0, err: '' },
      out: 'No terminal is kept\n',
    });
  });

  test('takes one over: what was written is words, and who had it is told', async () => {
    const script = String.raw`printf '\033[31mred\033[c\n'; while read x; do printf "\033[1m$x"; done; exit 4`;
    const session = await open('web', script);
    const id = idOf(session);
    const refused = await ctvirt(`terminals --attach ${id}`);
    assert.match(refused.err, /somebody on this host looks at terminal [0-9a-f]{12}: --force takes it over/);
    const { status, out, err } = await ctvirt(`terminals --attach ${id} --force`, { input: 'word\n' });
    assert.equal(status, 0, err);
    assert.match(out, /^red\n/);
    assert.match(err, /Escape character is \^\]/);
    assert.match(err, /left to its session, which has a minute to come back\n$/);
    await assert.rejects(session.exited, { code: 'interrupted' });
    while (!(await list()).some(({ attached, keptBytes }) => !attached && keptBytes === 20)) await delay(20);
    const over = await ctvirt(`terminals --attach ${id.slice(0, 12)}`, { input: 'more\n' });
    assert.ok(['red\nword', 'red\nword\u001b[1mmore'].includes(over.out), over.out);
    assert.equal((await ctvirt(`terminals --end ${id}`)).status, 0);
  });

  test('of several who come to one that was left at once, one has it', async () => {
    const session = await open('web', 'echo; read x');
    await leave(session);
    const id = idOf(session);
    const words = `terminals --attach ${id}`;
    const all = await Promise.all(Array.from({ length: 4 }, () => ctvirt(words, { input: '' })));
    assert.deepEqual(all.map(({ status }) => status).sort(), [0, 5, 5, 5]);
    for (const { err } of all.filter(({ status }) => status !== 0))
      assert.match(err, /somebody on this host looks at terminal [0-9a-f]{12}: --force takes it over/);
    assert.equal((await ctvirt(`terminals --end ${id}`)).status, 0);
  });

  test('what was printed for ever waits for who shows it, and goes on when it is', async () => {
    const session = await open('web', 'head -c 3000000 /dev/zero | tr "\\\\0" x; echo; echo done');
    await leave(session);
    const { out, err } = await ctvirt(`terminals --attach ${idOf(session)}`, { isInputOpen: true });
    assert.match(out.slice(-20), /x\ndone\n$/);
    assert.ok(out.length > 2_900_000, `${out.length} characters came`);
    assert.match(err, /its program has ended with status 0\n$/);
  });

  test('refuses what is no one thing', async () => {
    for (const words of ['--end 1 --end-all', '--attach 1 --end 1', '--force', '--end-all --output id'])
      assert.equal((await ctvirt(`terminals ${words}`)).status, 2, words);
    assert.equal((await ctvirt('terminals --output nothing')).status, 2);
  });
});
