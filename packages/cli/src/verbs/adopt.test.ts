// `ctvirt adopt`: what is told, of one container and of many, and what it ends with.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, test } from 'node:test';
import { withDaemon } from '../testing/harness.js';

describe('adopt', () => {
  const { ctvirt, folder } = withDaemon();
  const host = join(folder, 'host');
  /** What lies on a host of one container, besides its files. */
  const put = (path: string, text: (files: string) => string): void => {
    const files = join(host, 'files', path);
    mkdirSync(join(files, 'etc'), { recursive: true });
    mkdirSync(dirname(join(host, path)), { recursive: true });
    writeFileSync(join(host, path), text(files));
  };
  for (const ctid of ['105', '106', '107'])
    put(`etc/vz/conf/${ctid}.conf`, (files) => `HOSTNAME="ct"\nODD="1"\nVE_PRIVATE="${files}"\n`);
  for (const name of ['105', 'web'])
    put(`var/lib/lxc/${name}/config`, (files) => `lxc.uts.name = ${name}\nlxc.rootfs.path = dir:${files}\n`);
  for (const name of ['guest', 'other']) {
    put(`etc/vservers/${name}/uts/nodename`, () => `${name}\n`);
    const files = join(host, 'files', 'etc/vservers', name, 'uts/nodename');
    symlinkSync(files, join(host, 'etc/vservers', name, 'vdir'));
  }

  test('lists what there is, and what stands against it', async () => {
    const { status, out } = await ctvirt('adopt list --json');
    const told: { format: string; name: string; domain: string | null; files: string | null }[] =
      JSON.parse(out);
    assert.equal(status, 0);
    assert.deepEqual(
      told.map(({ format, name }) => `${format} ${name}`),
      ['openvz 105', 'openvz 106', 'openvz 107', 'lxc 105', 'lxc web', 'vserver guest', 'vserver other'],
    );
    assert.deepEqual(new Set(told.map(({ domain }) => domain)), new Set([null]));
    assert.match(told[0]?.files ?? '', /files\/etc\/vz\/conf\/105\.conf$/);
    assert.match((await ctvirt('adopt list')).out, / openvz +105 +ct +\//);
  });

  test('a dry run tells the same and defines nothing', async () => {
    const { status, out, err } = await ctvirt('adopt --dry-run openvz 105');
    assert.deepEqual([status, out], [0, "Domain '105' would be adopted: 2 carried, 1 ignored, 1 warning\n"]);
    assert.match(err, /^ ODD +\/.*\/etc\/vz\/conf\/105\.conf:2 +ignored /m);
    const [told] = JSON.parse((await ctvirt('adopt --dry-run --json openvz 105')).out);
    assert.deepEqual([told.domain, told.name], [null, '105']);
    assert.match(told.xml, /<domain type='openvz'>/);
    assert.equal((await ctvirt('dominfo 105')).status, 3);
  });

  test('tells what became of each key, and what the domain is called', async () => {
    const { status, out, err } = await ctvirt('adopt openvz 105');
    assert.deepEqual([status, out], [0, "Domain '105' adopted: 2 carried, 1 ignored, 1 warning\n"]);
    assert.match(err, /^ HOSTNAME +\/.*\/etc\/vz\/conf\/105\.conf:1 +carried /m);
    assert.match(err, /^ ODD +\/.*\/etc\/vz\/conf\/105\.conf:2 +ignored /m);
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

  test('what is adopted is told as such, and cannot be again', async () => {
    const told: { format: string; name: string; domain: string | null }[] = JSON.parse(
      (await ctvirt('adopt list --json')).out,
    );
    assert.equal(told.find(({ format, name }) => format === 'openvz' && name === '105')?.domain, '105');
    assert.equal((await ctvirt('adopt --dry-run openvz 105')).status, 4);
  });

  test('gives the same as data, paths made absolute', async () => {
    const config = join(host, 'etc/vservers/guest');
    const { status, out } = await ctvirt(`adopt --json vserver guest --config ${relative('.', config)}`);
    assert.equal(status, 0);
    const [told] = JSON.parse(out);
    assert.equal(told.domain.name, 'guest');
    const again = await ctvirt('adopt --json vserver guest other');
    assert.equal(JSON.parse(again.out)[0].domain.name, 'other');
    assert.deepEqual([again.status, JSON.parse(again.err).error.code], [4, 'exists']);
    assert.ok(told.report[0].file.startsWith(`${config}/`), told.report[0].file);
  });

  test('a wrong command line', async () => {
    for (const words of ['adopt', 'adopt openvz', 'adopt opnvz 105', 'adopt lxc a b --private /x'])
      assert.equal((await ctvirt(words)).status, 2, words);
    assert.match((await ctvirt('adopt opnvz 105')).err, /did you mean 'openvz'\?/);
  });
});
