// `ctvirt adopt`: what is told, of one container and of many, and what it ends with.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { withDaemon } from '../testing/harness.js';

describe('adopt', () => {
  const { ctvirt } = withDaemon();

  test('tells what became of each key, and what the domain is called', async () => {
    const { status, out, err } = await ctvirt('adopt openvz 105');
    assert.deepEqual([status, out], [0, "Domain '105' adopted: 1 carried, 1 ignored\n"]);
    assert.match(err, /^ HOSTNAME +\/etc\/openvz\/105:1 +carried +hostname$/m);
    assert.match(err, /^ ODD +\/etc\/openvz\/105:2 +ignored /m);
    assert.deepEqual(await ctvirt('adopt -q openvz 106'), { status: 0, out: '', err: '' });
    assert.doesNotMatch((await ctvirt('adopt --losses openvz 107')).err, /HOSTNAME/);
  });

  test('one that is refused costs only itself', async () => {
    const { status, out, err } = await ctvirt('adopt lxc 105 web');
    assert.equal(status, 4);
    assert.match(out, /^Domain 'web' adopted/);
    assert.match(err, /already defined/);
    assert.match(err, /^1 adopted, 1 not$/m);
    assert.equal((await ctvirt('adopt openvz 105')).status, 4);
  });

  test('gives the same as data, paths made absolute', async () => {
    const { status, out } = await ctvirt('adopt --json vserver guest --config etc');
    assert.equal(status, 0);
    const [told] = JSON.parse(out);
    assert.equal(told.domain.name, 'guest');
    const again = await ctvirt('adopt --json vserver guest other');
    assert.equal(JSON.parse(again.out)[0].domain.name, 'other');
    assert.deepEqual([again.status, JSON.parse(again.err).error.code], [4, 'exists']);
    assert.deepEqual(told.report[0].file, `${process.cwd()}/etc`);
  });

  test('a wrong command line', async () => {
    for (const words of ['adopt', 'adopt openvz', 'adopt opnvz 105', 'adopt lxc a b --private /x'])
      assert.equal((await ctvirt(words)).status, 2, words);
    assert.match((await ctvirt('adopt opnvz 105')).err, /did you mean 'openvz'\?/);
  });
});
