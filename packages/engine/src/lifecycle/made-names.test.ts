// Defining what was copied from a running domain does not keep the names its links had on the host.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Reader } from './document.js';

const facts = { pageSize: 4096, hostCpus: 2, memoryBytes: 2 ** 50 };
const reader = new Reader(facts, () => Promise.reject(new Error('no profile')));

async function definedAs(target: string): Promise<unknown> {
  const { domain } = await reader.read(
    `<domain type='lxc'><name>a</name><os><type>exe</type></os><devices>
<filesystem type='template'><source name='t'/><target dir='/'/></filesystem>
<interface type='bridge'><source bridge='br0'/>${target}</interface></devices></domain>`,
    { strict: true },
  );
  return domain.devices.interfaces?.[0]?.target;
}

test("libvirt's names and our own are made anew, those that somebody chose stay", async () => {
  for (const name of ['vnet0', 'vnet17', 'macvtap3', 'macvlan0', 'cv131x.0', 'cvx0a1b2c3d.12'])
    assert.equal(await definedAs(`<target dev='${name}'/>`), undefined, name);
  for (const name of ['veth105.0', 'vnet-web', 'vnetwork', 'cvs.lan', 'cv1', 'web0'])
    assert.deepEqual(await definedAs(`<target dev='${name}'/>`), { dev: name }, name);
  assert.deepEqual(await definedAs("<target dev='vnet0' managed='no'/>"), { managed: false });
});
