// An image of OCI becomes a template and a container that runs what the image says, as whom and where it says.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { dockerArchiveOf, layoutOf, tarOf, writeFiles } from '@ctvirt/engine/testing';
import { Reader } from '../world/guide.js';
import { busybox, World } from '../world/world.js';

let world: World;
before(async () => {
  world = await World.open();
});
afterEach(() => world.clear());
after(() => world.close());

const serve = `#!/bin/sh
echo "$GREETING from $(pwd) as $(id -u):$(id -g)" > /data/said
trap 'echo ended > /data/ended; exit 0' TERM
while :; do sleep 1 & wait $!; done
`;

/** The tar of a folder that these files were put into. */
function layer(make: (root: string) => void): Buffer {
  const root = mkdtempSync(join(tmpdir(), 'ctvirt-layer-'));
  try {
    chmodSync(root, 0o755);
    make(root);
    return execFileSync('tar', ['-C', root, '--numeric-owner', '-cf', '-', '.'], { maxBuffer: 2 ** 26 });
  } finally {
    rmSync(root, { recursive: true });
  }
}

const shell = layer((root) => {
  for (const path of ['bin', 'data', 'etc', 'old']) mkdirSync(join(root, path));
  cpSync('/usr/bin/busybox', join(root, 'bin/busybox'));
  for (const name of ['sh', 'sleep', 'id', 'cat', 'ls']) symlinkSync('busybox', join(root, 'bin', name));
  writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0::/:/bin/sh\nweb:x:33:34::/data:/bin/sh\n');
  execFileSync('chown', ['33:34', join(root, 'data')]);
});
const app = layer((root) => {
  mkdirSync(join(root, 'bin'));
  writeFileSync(join(root, 'bin/serve'), serve, { mode: 0o755 });
  writeFileSync(join(root, '.wh.old'), '');
});
const image = {
  layers: [shell, app],
  config: {
    Entrypoint: ['serve'],
    Env: ['PATH=/bin', 'GREETING=hello world'],
    User: 'web',
    WorkingDir: '/data',
    Volumes: { '/data': {} },
  },
};

const ctvirt = (...words: string[]): Promise<string> => world.ctvirt(...words);

const templates = async () => (await world.client.templates.list()).map(({ name }) => name).sort();

test('one line makes a container of an image, which runs what the image says', async () => {
  const path = `${world.host}/serve-1.0.tar`;
  writeFileSync(path, tarOf(layoutOf(image)));
  // Before there is a template of it, and after: the same document, and nothing is made.
  const dry = await ctvirt('create', 'web', '--oci', path, '--dry-run');
  assert.match(
    dry,
    /<init>\/bin\/serve<\/init>[\s\S]*<inituser>33<\/inituser>[\s\S]*<source name='serve-1.0'\/>/,
  );
  assert.deepEqual(await templates(), [busybox]);
  const { stderr } = await world.cli(['create', 'web', '--oci', path, '--dry-run', '--mount', '/srv:/data']);
  assert.doesNotMatch(stderr, /outlive/);
  const created = await world.cli(['create', 'web', '--oci', path, '--ip', '10.77.9.5', '--start']);
  const made = created.stdout;
  assert.match(
    created.stderr,
    /is part of the root here, and erased with it: \/data; --mount DIRECTORY:\/data puts/,
  );
  assert.equal(made, "Domain 'web' created and started\n");
  assert.match(
    await ctvirt('template', 'info', 'serve-1.0'),
    /Starts: +\/bin\/serve\n[\s\S]*User: +33:34\nVolumes: +\/data\n/,
  );
  const said = () => world.cli(['exec', 'web', '--', '/bin/cat', '/data/said']);
  for (let tries = 0; tries < 50 && (await said()).status !== 0; tries++)
    await new Promise((resolve) => setTimeout(resolve, 100));
  assert.equal((await said()).stdout, 'hello world from /data as 33:34\n');
  assert.equal((await world.cli(['exec', 'web', '--', '/bin/ls', '/old'])).status, 1);
  await ctvirt('shutdown', 'web', '--wait');
  await ctvirt('start', 'web');
  assert.equal((await world.cli(['exec', 'web', '--', '/bin/cat', '/data/ended'])).stdout, 'ended\n');
  // One of the same image is taken, whatever the file is called now; another image has another name.
  cpSync(path, `${world.host}/serve-again.tar`);
  assert.match(
    await ctvirt('create', 'web2', '--oci', `${world.host}/serve-again.tar`, '--dry-run'),
    /<source name='serve-1.0'\/>/,
  );
  await ctvirt('create', 'web2', '--oci', `${world.host}/serve-again.tar`, '--start');
  assert.deepEqual(await templates(), [busybox, 'serve-1.0']);
  writeFileSync(path, tarOf(layoutOf({ ...image, layers: [shell] })));
  for (const dryRun of [[], ['--dry-run']]) {
    const other = await world.cli(['create', 'web3', '--oci', path, ...dryRun]);
    assert.deepEqual([other.status, /template serve-1.0 exists/.test(other.stderr)], [4, true]);
  }
  for (const name of ['web', 'web2']) {
    await ctvirt('destroy', name);
    await ctvirt('undefine', name, '--storage');
  }
  await ctvirt('template', 'remove', 'serve-1.0');
});

test('a program in the place of an init finds itself at 127.0.0.1, with an interface and without', async () => {
  const path = `${world.host}/sleep.tar`;
  const config = { Cmd: ['/bin/sleep', '99'] };
  writeFileSync(path, tarOf(layoutOf({ layers: [shell], config })));
  for (const links of [[], ['--ip', '10.77.9.6']]) {
    await ctvirt('create', 'web', '--oci', path, ...links, '--start');
    const lo = await ctvirt('exec', 'web', '--', '/bin/busybox', 'ip', 'address', 'show', 'lo');
    assert.match(lo, /LOWER_UP[\s\S]*127\.0\.0\.1/);
    await ctvirt('destroy', 'web');
    await ctvirt('undefine', 'web', '--storage');
  }
  await ctvirt('template', 'remove', 'sleep');
});

test('a layout in a folder and what docker save writes are the same', async () => {
  const layout = await writeFiles(`${world.host}/layout`, layoutOf(image));
  const saved = `${world.host}/saved.tar`;
  writeFileSync(saved, tarOf(dockerArchiveOf(image)));
  await ctvirt('template', 'import', 'one', layout);
  await ctvirt('template', 'import', 'two', saved);
  await ctvirt('template', 'import', 'three', saved, '--upload');
  const starts = async (name: string) => (await world.client.templates.info({ template: name })).image;
  assert.deepEqual(await starts('one'), await starts('two'));
  assert.deepEqual(await starts('one'), await starts('three'));
  await ctvirt('template', 'remove', 'two');
  await ctvirt('template', 'remove', 'three');
  // A folder is known by its image.
  assert.match(await ctvirt('create', 'web', '--oci', layout, '--dry-run'), /<source name='one'\/>/);
  await ctvirt('template', 'remove', 'one');
  assert.deepEqual(
    (await world.client.templates.list()).map(({ name }) => name),
    [busybox],
  );
});

test('the page on templates does what it says', async () => {
  const reader = await Reader.at(world);
  writeFileSync(`${world.host}/guide/serve-1.0.tar`, tarOf(layoutOf(image)));
  await reader.follow('templates.md', {
    'ctvirt template info serve-1.0': /Starts: +\/bin\/serve\n[\s\S]*Used by: +-/,
    'ctvirt template list': /^ small /m,
  });
});
