// The address of the example, in networks of the test's own.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';

const script = new URL('./example.mjs', import.meta.url).pathname;

/** @param {string} setUp what is done in a network where there is nothing but lo */
function documentWhere(setUp) {
  const program = `const { exampleDocument } = await import(${JSON.stringify(script)});
try { console.log(JSON.stringify(await exampleDocument())); } catch (error) { console.log(JSON.stringify({ error: error.message })); }`;
  const words = `ip link set lo up; ${setUp}; exec "$0" --input-type=module --eval "$1"`;
  const argv = ['--net', 'sh', '-e', '-c', words, process.execPath, program];
  /** @type {{ xml?: string, remark?: string, error?: string }} */
  const found = JSON.parse(execFileSync('unshare', argv, { encoding: 'utf8' }));
  const { xml = '', remark = '', error = '' } = found;
  return { address: /<ipaddress>(.*?)</.exec(xml)?.[1], remark, error };
}
const link = (address = '') =>
  `ip link add d0 type veth peer d1; ip link set d1 up; ip link set d0 up; ip address add ${address} dev d0`;

test('it is the usual one where nothing leads there but the default', () => {
  const found = documentWhere(`${link('192.0.2.1/24')}; ip route add default via 192.0.2.2`);
  assert.deepEqual(found, { address: '192.168.1.105', remark: '', error: '' });
});

test('it is another one in a network that may have it, and where somebody has it, and one line says so', () => {
  for (const taken of ['192.168.1.7/24', '192.168.1.105/32']) {
    const { address, remark } = documentWhere(link(taken));
    assert.equal(address, '10.105.105.105', taken);
    assert.match(
      remark,
      /^192\.168\.1\.105 of examples\/105\.xml is routed here already \(.* dev d0.*\): the example has 10\./,
    );
  }
});

test('where all are taken it is told what to do', () => {
  const all = ['192.168.0.0/16', '10.0.0.0/8', '172.16.0.0/12', '198.18.0.0/15'];
  const routes = all.map((to) => `ip route add ${to} dev d0`).join('; ');
  assert.match(documentWhere(`${link('192.0.2.1/24')}; ${routes}`).error, /^there are routes to all of /);
});
