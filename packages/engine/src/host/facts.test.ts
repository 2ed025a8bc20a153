// Facts of the host that the tests run on, beside what its own programs say of it.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { filesystemsIn, readFacts } from './facts.js';

const said = (program: string, ...args: readonly string[]): string =>
  execFileSync(program, args, { encoding: 'utf8' }).trim();

test('what this host is', () => {
  const folder = mkdtempSync(join(tmpdir(), 'cvfacts-'));
  try {
    const facts = readFacts(folder);
    assert.equal(facts.kernel, said('uname', '-r'));
    assert.equal(facts.pageSize, Number(said('getconf', 'PAGESIZE')));
    assert.equal(facts.hostCpus, Number(said('nproc')));
    assert.equal(facts.cgroupVersion === 2, existsSync('/sys/fs/cgroup/cgroup.controllers'));
    assert.equal(facts.storage.filesystem, said('findmnt', '-n', '-o', 'FSTYPE', '-T', folder));
    assert.ok(facts.memoryBytes > 1 << 27);
    assert.ok(facts.filesystems.includes('proc') && facts.filesystems.includes('tmpfs'));
  } finally {
    rmdirSync(folder);
  }
});

test('kinds of file systems by the list of the kernel', () => {
  assert.deepEqual(filesystemsIn('nodev\tsysfs\n\text4\nnodev\toverlay\n'), ['sysfs', 'ext4', 'overlay']);
  assert.deepEqual(filesystemsIn(''), []);
});
