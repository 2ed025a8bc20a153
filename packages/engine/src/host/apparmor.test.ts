// AppArmor as a kernel and a system show it.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { detectAppArmor } from './apparmor.js';

test('a kernel without it, one with it switched off, and one with and without the means to load profiles', () => {
  const root = `${mkdtempSync(join(tmpdir(), 'ctvirt-apparmor-'))}/`;
  try {
    assert.equal(detectAppArmor(root), 'off');
    mkdirSync(`${root}sys/module/apparmor/parameters`, { recursive: true });
    writeFileSync(`${root}sys/module/apparmor/parameters/enabled`, 'N\n');
    assert.equal(detectAppArmor(root), 'off');
    writeFileSync(`${root}sys/module/apparmor/parameters/enabled`, 'Y\n');
    assert.equal(detectAppArmor(root), 'unconfined');
    mkdirSync(`${root}usr/sbin`, { recursive: true });
    writeFileSync(`${root}usr/sbin/apparmor_parser`, '');
    assert.equal(detectAppArmor(root), 'unconfined', 'without securityfs');
    mkdirSync(`${root}sys/kernel/security/apparmor`, { recursive: true });
    writeFileSync(`${root}sys/kernel/security/apparmor/.replace`, '');
    assert.equal(detectAppArmor(root), 'confined');
  } finally {
    rmSync(root, { recursive: true });
  }
});
