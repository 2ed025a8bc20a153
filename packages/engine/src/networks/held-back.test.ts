// What is told when addresses are kept for machines that have others, or that others have.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDocument } from '@ctvirt/xml';
import { heldBack } from './held-back.js';
import { planOf } from './plan.js';

const plan = (hosts: string) => {
  const { model } = parseDocument(
    'network',
    `<network><name>lan</name><forward mode='nat'/><bridge name='virbr0'/><mac address='52:54:00:00:00:ff'/><ip address='10.0.1.1' prefix='24'><dhcp>` +
      `<range start='10.0.1.2' end='10.0.1.99'/>${hosts}</dhcp></ip></network>`,
  );
  assert.ok(model !== undefined);
  return planOf({ ...model, uuid: '00000000-0000-4000-8000-000000000000' });
};
const member = (name: string, mac: string, address: string, isReserved = true) => ({
  ...{
    network: 'lan',
    domain: name,
    domainName: name,
    isRunning: true,
    hostName: undefined,
    parent: 'virbr0',
  },
  ...{ mac, names: [name], addresses: [address], isReserved },
});
const members = [
  member('web', '52:54:00:00:00:01', '10.0.1.2'),
  member('db', '52:54:00:00:00:02', '10.0.1.3'),
];
const told = (hosts: string, of = members) => heldBack(plan(''), plan(hosts), of);

test('a domain with another address than the one that is now kept for it has that from its next start on', () => {
  const later = ["domain 'web' has 10.0.1.50 from its next start on"];
  assert.deepEqual(told("<host mac='52:54:00:00:00:01' ip='10.0.1.50'/>"), later);
  assert.deepEqual(told("<host name='WEB' ip='10.0.1.50'/>"), later);
  assert.deepEqual(told("<host mac='52:54:00:00:00:01' ip='10.0.1.2'/>"), []);
});

test('a domain that has an address which is now kept for somebody else is named', () => {
  const host = "<host mac='52:54:00:00:00:09' ip='10.0.1.3'/>";
  assert.deepEqual(told(host), [
    "domain 'db' has 10.0.1.3, and another at its next start: who it is kept for has none before",
  ]);
  assert.deepEqual(heldBack(plan(host), plan(host), members), []);
  assert.deepEqual(told(host, [member('db', '52:54:00:00:00:02', '10.0.1.3', false)]), []);
});
