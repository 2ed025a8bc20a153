// Links of the host by the place of their card.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { openSysfs } from '../testing/sysfs.js';
import { linksAt, placeOfLink } from './pci-links.js';

const { sysfs, device, clear } = openSysfs();
after(clear);

test('a card is the link below its device, that of virtio one step further down', () => {
  device('0000:03:00.0', [['.', 'enp01']]);
  device('0000:03:00.1', [
    ['.', 'enp02'],
    ['.', 'enp03'],
  ]);
  device('0000:04:00.0', [['virtio1', 'ens04']]);
  device('0000:05:00.0', []);
  device('0000:06:00.0', [['usb1', 'enx06']]);
  assert.deepEqual(linksAt('0000:03:00.0', sysfs), [{ name: 'enp01', mac: '02:00:00:00:00:01' }]);
  assert.deepEqual(
    linksAt('0000:03:00.1', sysfs)
      ?.map(({ name }) => name)
      .sort(),
    ['enp02', 'enp03'],
  );
  assert.deepEqual(linksAt('0000:04:00.0', sysfs), [{ name: 'ens04', mac: '02:00:00:00:00:04' }]);
  assert.deepEqual(linksAt('0000:05:00.0', sysfs), []);
  // What a card has on a bus of its own is another device.
  assert.deepEqual(linksAt('0000:06:00.0', sysfs), []);
  assert.equal(linksAt('0000:07:00.0', sysfs), undefined);
});

test('a link is known by where its card is, and one without a card by nothing', () => {
  assert.equal(placeOfLink('enp02', sysfs), '0000:03:00.1');
  assert.equal(placeOfLink('ens04', sysfs), '0000:04:00.0');
  mkdirSync(join(sysfs, 'class/net/veth0'));
  assert.equal(placeOfLink('veth0', sysfs), undefined);
  assert.equal(placeOfLink('nowhere', sysfs), undefined);
});
