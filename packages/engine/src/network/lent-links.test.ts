// Cards of the host by their place on a PCI bus: which can be handed over, and why others cannot.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { isFault } from '../errors.js';
import { openSysfs } from '../testing/sysfs.js';
import { LentLinks } from './lent-links.js';

const { sysfs, device, clear } = openSysfs();
const folder = mkdtempSync(join(tmpdir(), 'cvt'));
after(clear);
after(() => rmSync(folder, { recursive: true }));
const lent = new LentLinks({
  ...{ folder, sysfs, host: 'here@1' },
  nameOf: (uuid) => (uuid === 'u1' ? 'web' : undefined),
  running: () => [],
  forwardsBy: () => undefined,
  log: () => undefined,
});
const fails = (code: Parameters<typeof isFault>[1], what: RegExp) => (error: unknown) =>
  isFault(error, code) && what.test(error.message);

test('the card at a place is its one link; where there is none or more, or a domain has it, that is said', () => {
  device('0000:03:00.0', [['.', 'enp01']]);
  device('0000:03:00.1', [
    ['.', 'enp02'],
    ['.', 'enp03'],
  ]);
  device('0000:04:00.0', []);
  assert.deepEqual(lent.cardAt('0000:03:00.0'), { name: 'enp01', mac: '02:00:00:00:00:01' });
  assert.throws(
    () => lent.cardAt('0000:03:00.1'),
    fails('unsupported', /0000:03:00\.1 has several links \(enp0[23], enp0[23]\).*by its name/),
  );
  assert.throws(() => lent.cardAt('0000:05:00.0'), fails('not-found', /no PCI device 0000:05:00\.0/));
  assert.throws(
    () => lent.cardAt('0000:04:00.0'),
    fails('not-found', /0000:04:00\.0 has no link on this host: it is no network card/),
  );
  // The kernel shows a link there as long as the host has it.
  const place = '0000:04:00.0';
  const link = { name: 'enp04', index: 3, kind: '', mac: '02:00:00:00:00:04', permanentMac: '' };
  const state = { mtu: 1500, flags: 0, queueLength: 1000, mode: 0, alias: '', altNames: [], isUp: false };
  writeFileSync(
    join(folder, 'enp04'),
    JSON.stringify({ host: 'here@1', domain: 'u1', place, ...link, ...state }),
  );
  assert.throws(() => lent.cardAt(place), fails('in-use', /domain 'web' has the link enp04 of the host/));
  // What an earlier daemon wrote says nothing of that, and counts all the same.
  writeFileSync(join(folder, 'enp04'), JSON.stringify({ host: 'here@1', domain: 'u1', ...link, ...state }));
  assert.deepEqual(lent.lent(), [{ name: 'enp04', domain: 'u1' }]);
});
