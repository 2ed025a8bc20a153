// What a copy of a domain is told not to have, and to have.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withSchedule } from '../schedule/schedule.js';
import { asAnother } from './another.js';
import { readStored } from './stored-document.js';

const web = readStored(
  `<domain type='lxc'><name>web</name><uuid>2f1c1b1e-0000-4000-8000-000000000001</uuid><memory>1048576</memory>
    <os><type arch='x86_64'>exe</type><init>/sbin/init</init></os>
    <devices><filesystem type='mount'><source dir='/srv/web'/><target dir='/'/></filesystem><interface type='ethernet'><ip address='192.0.2.9'/></interface></devices></domain>`,
  'web',
);

test('its addresses and times of snapshots and backups are told, each with what changes it', () => {
  const remarks: string[] = [];
  const planned = withSchedule(web, { snapshots: '@daily', backups: '@weekly' });
  const other = asAnother({ ...planned, name: 'copy' }, remarks);
  assert.equal(other.uuid, undefined);
  assert.equal(remarks.length, 3);
  const [snapshots = '', backups = '', address = ''] = remarks;
  assert.match(snapshots, /@daily.*set copy --snapshots never/);
  assert.match(backups, /backup copy --schedule host/);
  assert.match(address, /192\.0\.2\.9.*set copy --ipadd/);
  const none: string[] = [];
  asAnother({ ...web, devices: {} }, none);
  assert.deepEqual(none, []);
});
