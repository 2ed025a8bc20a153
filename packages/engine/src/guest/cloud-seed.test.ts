// cloud-init's seed in a tree that belongs to somebody else, who may have laid traps there.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { type CloudSeed, furnishCloudSeed } from './cloud-seed.js';
import { forgetIdentity } from './identity.js';

const owner = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
const web: CloudSeed = { instance: 'a-b', hostname: 'web', isAddressed: true };

async function inTree(
  use: (root: string, seed: (said?: Partial<CloudSeed>) => string[]) => void | Promise<void>,
): Promise<void> {
  const root = mkdtempSync(join(tmpdir(), 'ctvirt-seed-'));
  try {
    mkdirSync(join(root, 'var', 'lib'), { recursive: true });
    await use(root, (said) => {
      const told: string[] = [];
      const fd = openSync(root, 'r');
      try {
        furnishCloudSeed({ root: fd, owner }, { ...web, ...said }, (remark) => told.push(remark));
      } finally {
        closeSync(fd);
      }
      return told;
    });
  } finally {
    rmSync(root, { recursive: true });
  }
}

test('a root with cloud-init has a seed once, and any other none', async () => {
  await inTree((root, seed) => {
    assert.deepEqual(seed(), []);
    assert.deepEqual(readdirSync(join(root, 'var', 'lib')), []);
    mkdirSync(join(root, 'etc', 'cloud'), { recursive: true });
    const file = (name: string): string =>
      readFileSync(join(root, 'var/lib/cloud/seed/nocloud', name), 'utf8');
    assert.deepEqual(seed(), []);
    assert.equal(file('meta-data'), 'instance-id: a-b\nlocal-hostname: "web"\n');
    assert.equal(file('network-config'), 'config: disabled\n');
    assert.match(file('user-data'), /^#cloud-config\n/);
    seed({ hostname: 'other' });
    assert.match(file('meta-data'), /local-hostname: "web"/);
  });
});

test('one without addresses of the host asks for them itself', async () => {
  await inTree((root, seed) => {
    mkdirSync(join(root, 'etc', 'cloud'), { recursive: true });
    seed({ isAddressed: false });
    assert.deepEqual(readdirSync(join(root, 'var/lib/cloud/seed/nocloud')).sort(), [
      'meta-data',
      'user-data',
    ]);
  });
});

test('what is made of a container that became a template is another instance, but for a seed of its own', async () => {
  await inTree(async (root, seed) => {
    mkdirSync(join(root, 'etc', 'cloud'), { recursive: true });
    const place = join(root, 'var/lib/cloud/seed/nocloud');
    const metaData = (): string => readFileSync(join(place, 'meta-data'), 'utf8');
    seed();
    await forgetIdentity(root);
    seed({ instance: 'c-d', hostname: 'shop', isAddressed: false });
    assert.equal(metaData(), 'instance-id: c-d\nlocal-hostname: "shop"\n');
    assert.ok(!readdirSync(place).includes('network-config'));
    writeFileSync(join(place, 'user-data'), '#cloud-config\npackages: [nginx]\n');
    await forgetIdentity(root);
    seed({ instance: 'e-f' });
    assert.match(metaData(), /c-d/);
  });
});

test('a link in the way is not followed', async () => {
  await inTree((root, seed) => {
    mkdirSync(join(root, 'etc', 'cloud'), { recursive: true });
    mkdirSync(join(root, 'elsewhere'));
    symlinkSync('/elsewhere', join(root, 'var', 'lib', 'cloud'));
    assert.match(seed()[0] ?? '', /^cloud-init has no seed: /);
    assert.deepEqual(readdirSync(join(root, 'elsewhere')), []);
  });
});
