// ctvirt metrics against a daemon: the page as it is, a file that is there whole, and what is refused.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { withDaemon } from '../testing/harness.js';

describe('ctvirt metrics', () => {
  const { ctvirt } = withDaemon();
  const folder = mkdtempSync(join(tmpdir(), 'ctvirt-metrics-'));
  after(() => rmSync(folder, { recursive: true }));

  test('prints the page as the daemon made it, and JSON has it as a text', async () => {
    const { status, out, err } = await ctvirt('metrics');
    assert.equal(status, 0, err);
    assert.match(
      out,
      /^# HELP ctvirt_build_info Always 1\.\n# TYPE ctvirt_build_info gauge\nctvirt_build_info\{/,
    );
    assert.match(out, /^libvirt_up 1\n/m);
    const { out: json } = await ctvirt('metrics --families incus --json');
    assert.deepEqual(Object.keys(JSON.parse(json)), ['metrics']);
  });

  test('a file is there whole, readable for others, and nothing is beside it', async () => {
    const file = join(folder, 'ctvirt.prom');
    for (let times = 0; times < 2; times++) {
      const { status, out } = await ctvirt(`metrics --output ${file}`);
      assert.deepEqual([status, out], [0, `Metrics written to ${file}\n`]);
    }
    assert.match(readFileSync(file, 'utf8'), /^ctvirt_build_info\{/m);
    assert.equal(statSync(file).mode & 0o777, 0o644);
    assert.deepEqual(readdirSync(folder), ['ctvirt.prom']);
  });

  test('what is no file is written to, and nothing is put in its place', async () => {
    const device = join(folder, 'null');
    execFileSync('mknod', [device, 'c', '1', '3']);
    const { status, out } = await ctvirt(`metrics --output ${device}`);
    assert.deepEqual([status, out], [0, '']);
    assert.ok(lstatSync(device).isCharacterDevice());
    rmSync(device);
  });

  test('refuses families that there are not, and a folder that is not there', async () => {
    const { status, err } = await ctvirt('metrics --families own,host');
    assert.equal(status, 8);
    assert.match(err, /there is no 'host': it may be own, libvirt, incus/);
    const elsewhere = await ctvirt(`metrics --output ${folder}/none/ctvirt.prom`);
    assert.match(elsewhere.err, /cannot write .*ctvirt\.prom: no such file/);
    assert.notEqual(elsewhere.status, 0);
  });
});
