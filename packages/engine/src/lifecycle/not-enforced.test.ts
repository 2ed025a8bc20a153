// What has no effect here is told.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyProfile, profiles } from '@ctvirt/formats';
import { parseDomainOrThrow } from '@ctvirt/xml';
import { notEnforced } from './not-enforced.js';

const pathsOf = (xml: string): string[] => notEnforced(parseDomainOrThrow(xml)).map(({ path }) => path);
const domain = (filesystem: string, rest = ''): string =>
  `<domain type='lxc'><name>a</name><os><type>exe</type></os><devices>${filesystem}${rest}</devices></domain>`;
const root = "<filesystem type='template'><source name='t'/><target dir='/'/></filesystem>";

test('a plain document has full effect', () => {
  assert.deepEqual(
    pathsOf(domain(root, "<interface type='ethernet'><ip address='192.0.2.1'/></interface>")),
    [],
  );
});

test('limits on what is as large as its source', () => {
  const mount =
    "<filesystem type='mount'><source dir='/srv'/><target dir='/'/><space_hard_limit>1000</space_hard_limit></filesystem>";
  assert.deepEqual(pathsOf(domain(mount)), ['/domain/devices/filesystem[1]']);
});

test('a profile that comes with ctvirt is used without a remark', () => {
  for (const { name, text } of profiles) {
    const facts = { profileName: name, pageSize: 4096, hostCpus: 4 };
    assert.deepEqual(
      notEnforced(applyProfile(parseDomainOrThrow(domain(root)), text, facts).domain),
      [],
      name,
    );
  }
});

test('what an interface asks for besides its addresses', () => {
  const link =
    "<interface type='direct'><source dev='eth0'/><bandwidth><inbound average='1000'/></bandwidth></interface>";
  assert.deepEqual(pathsOf(domain(root, link)), ['/domain/devices/interface[1]/bandwidth']);
});

test('a disk is no file system; a controller has nothing to do', () => {
  const disk =
    "<disk type='block'><source dev='/dev/loop9'/><target dev='sda'/></disk><controller type='scsi' index='0'/>";
  assert.deepEqual(pathsOf(domain(root, disk)), ['/domain/devices/disk']);
});
