// The hardware addresses that links have run with are in the documents of their domains.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Domain, parseDomain } from '@ctvirt/xml';
import { domainRecord } from '../testing/record.js';
import { withInterfaces } from './edit.js';
import { linksOf } from './links.js';
import { withOwnMacs } from './own-macs.js';

const record = domainRecord({});
function document(...links: readonly string[]): Domain {
  const { domain } = parseDomain(
    `<domain type='lxc'><name>web</name><os><type>exe</type></os><devices><filesystem type='template'><source name='t'/><target dir='/'/></filesystem>${links
      .map((more) => `<interface type='bridge'>${more}<source bridge='br0'/></interface>`)
      .join('')}</devices></domain>`,
  );
  return domain ?? assert.fail('no document');
}
const macsOf = ({ devices }: Domain) => devices.interfaces?.map(({ mac }) => mac?.address);
const own = "<mac address='52:54:00:00:00:01'/>";

test('what a link runs with without one it is given, and what the document says stays', () => {
  const given = document('', own, '');
  const stored = withOwnMacs(given, record);
  assert.deepEqual(
    macsOf(stored),
    linksOf(given, record).map(({ mac }) => mac),
  );
  assert.equal(macsOf(stored)?.[1], '52:54:00:00:00:01');
  assert.equal(withOwnMacs(stored, record), stored);
  assert.equal(withOwnMacs(document(), record).devices.interfaces, undefined);
});

test('a link keeps its address when one before it goes, and the next that comes has another', () => {
  const stored = withOwnMacs(document('', ''), record);
  const [first, second = assert.fail()] = stored.devices.interfaces ?? [];
  const { mac: _, ...anew } = first ?? assert.fail();
  const later = macsOf(withOwnMacs(withInterfaces(stored, [second, anew]), record)) ?? [];
  assert.equal(later[0], second.mac?.address);
  assert.notEqual(later[1], later[0]);
});
