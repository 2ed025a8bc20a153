// ctvirt web against a daemon: a link for people, one line for scripts, and what is refused.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { withDaemon } from '../testing/harness.js';

describe('ctvirt web', () => {
  const { ctvirt } = withDaemon();
  const json = async (words: string) => {
    const { status, out, err } = await ctvirt(`${words} --json`);
    assert.equal(status, 0, err);
    return JSON.parse(out);
  };

  test('prints a link alone, and beside it what a person wants to know', async () => {
    const { status, out, err } = await ctvirt('web --role viewer --for 30m');
    assert.equal(status, 0, err);
    assert.match(out, /^http:\/\/127\.0\.0\.1:\d+\/#t=[\w-]{43}\n$/);
    assert.match(
      err,
      /^Good once, for 60 seconds; the session \(viewer\) ends \d.*Z at the latest\.\nFrom another host first: ssh -N -L (\d+):127\.0\.0\.1:\1 root@.*\nctvirt web --revoke [0-9a-f]{8} ends it\.\n$/,
    );
    const { out: quiet, err: nothing } = await ctvirt('web --quiet');
    assert.match(quiet, /#t=/);
    assert.equal(nothing, '');
  });

  test('a token for a program is told once', async () => {
    const { out, err } = await ctvirt('web --role metrics --for 10y');
    assert.match(out, /^[0-9a-f]{8}\.[\w-]{43}\n$/);
    assert.match(err, /^Token [0-9a-f]{8} reads http:\/\/127\.0\.0\.1:\d+\/metrics until /);
  });

  test('lists who may come in, and ends one', async () => {
    const { id } = await json('web --role admin');
    const { out } = await ctvirt('web --list');
    assert.match(out, /^ Id +Role +State +Since +Until +Last used\n/);
    assert.match(out, new RegExp(`^ ${id} +admin +link +\\S+Z +\\S+Z +-$`, 'm'));
    assert.deepEqual(await ctvirt(`web --revoke ${id}`), {
      status: 0,
      out: `Session ${id} (admin) ended\n`,
      err: '',
    });
    const left: { id: string }[] = await json('web --list');
    assert.ok(!left.some((one) => one.id === id));
    assert.equal((await ctvirt(`web --revoke ${id}`)).status, 3);
  });

  test('refuses what is no role, no time and no one thing', async () => {
    for (const words of ['--role root', '--for 12', '--for 0h', '--for soon', '--list --role viewer'])
      assert.equal((await ctvirt(`web ${words}`)).status, 2, words);
    const { status, err } = await ctvirt('web --for 13h');
    assert.equal(status, 8);
    assert.match(err, /lasts 12 hours at most/);
  });
});
