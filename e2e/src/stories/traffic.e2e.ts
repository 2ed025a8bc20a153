// What is counted of links for billing: known bytes, over restarts of container and daemon, whoever is there when a link goes.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { after, afterEach, before, test } from 'node:test';
import { domainXml } from '../world/documents.js';
import { waitFor } from '../world/wait.js';
import { World } from '../world/world.js';

let world: World;
before(async () => {
  world = await World.open();
});
afterEach(() => world.clear());
after(() => world.close());

const routed = (address: string) => `<interface type='ethernet'><ip address='${address}'/></interface>`;
/** Of a ping's request and of its answer: data, ICMP, IP, Ethernet. */
const FRAME = 1400 + 8 + 20 + 14;

/** So many packets of FRAME bytes go in, and as many out. */
async function ping(address: string, count: number): Promise<void> {
  const said = await world.enclosure.output(
    ...['/bin/busybox', 'ping', '-q', '-A', '-c', `${count}`, '-s', '1400', address],
  );
  assert.match(said, new RegExp(`${count} packets received`));
}

const total = async (domain: string) => {
  const [report] = await world.client.traffic.list({ domain });
  return report?.total ?? assert.fail(`nothing is known of ${domain}`);
};

/** What passed is that many frames, and what links say of themselves besides: ARP and discovery of neighbours. */
async function assertFrames(domain: string, count: number): Promise<void> {
  const { inBytes, inPackets, outBytes, outPackets } = await total(domain);
  for (const bytes of [inBytes, outBytes].map(Number))
    assert.ok(
      bytes >= count * FRAME && bytes < count * FRAME + 20_000,
      `${domain}: ${bytes} for ${count * FRAME}`,
    );
  for (const packets of [inPackets, outPackets].map(Number))
    assert.ok(packets >= count && packets < count + 200, `${domain}: ${packets} packets for ${count}`);
}

const initPidOf = async (domain: string): Promise<number> =>
  (await world.client.domains.info({ domain })).initPid ?? assert.fail('it does not run');

const endedFiles = () => readdir(`${world.root}/run/ended-links`);

test('what passes two domains is booked once, whoever ends meanwhile', async () => {
  await world.run(domainXml({ name: 'one', interfaces: [routed('192.168.7.61')] }));
  await world.run(domainXml({ name: 'two', interfaces: [routed('192.168.7.62')] }));
  await ping('192.168.7.61', 500);
  await ping('192.168.7.62', 200);
  await assertFrames('one', 500);
  await assertFrames('two', 200);

  // The daemon is killed, and packets pass while there is none.
  await world.kill();
  await ping('192.168.7.61', 300);
  await world.start();
  await assertFrames('one', 800);
  await assertFrames('two', 200);

  // A restart, right after packets that nobody has read.
  await ping('192.168.7.61', 400);
  await world.client.domains.destroy({ domain: 'one' });
  await waitFor('the end to be booked', async () => Number((await total('one')).inBytes) >= 1200 * FRAME);
  await world.client.domains.start({ domain: 'one' });
  await ping('192.168.7.61', 100);
  await assertFrames('one', 1300);

  // The container ends while there is no daemon.
  const init = await initPidOf('one');
  await world.kill();
  await ping('192.168.7.61', 150);
  process.kill(init, 'SIGKILL');
  await waitFor(
    'the monitor to write what the link had counted',
    async () => (await endedFiles()).length > 0,
  );
  await world.start();
  await assertFrames('one', 1450);
  await waitFor('what is on the disk to be removed here', async () => (await endedFiles()).length === 0);

  // Killed right after that, too: nothing is booked twice.
  await world.kill();
  await world.start();
  await assertFrames('one', 1450);

  // A container that deletes its own end is charged for all that passed, also if nobody had read anything.
  await world.client.domains.start({ domain: 'one' });
  await ping('192.168.7.61', 120);
  await world.shell('one', 'ip link delete eth0');
  await assertFrames('one', 1570);

  const { stdout } = await world.cli(['traffic', 'one']);
  assert.match(
    stdout,
    /^one \([-0-9a-f]{36}\)\n\n Day .*In .*Out .*Packets in .*Packets out\n-+\n( 20\d\d-\d\d-\d\d .*MiB.*\n)+ 20\d\d-\d\d .*2\.2 MiB /,
  );
  const { uuid } = await world.client.domains.summary({ domain: 'two' });
  await world.erase('two');
  const [gone] = await world.client.traffic.list({ domain: 'two' });
  assert.deepEqual([gone?.uuid, gone?.defined], [uuid, false]);
  assert.match((await world.cli(['traffic'])).stdout, / two \(gone\) .*\n all /);
});

test('a link that comes and goes live is counted, and one shared by macvlan in the container', async () => {
  const virsh = (...args: string[]) => world.enclosure.output('virsh', '-c', world.uri('lxc'), ...args);
  await world.enclosure.output('ip', 'link', 'add', 'up0', 'type', 'veth', 'peer', 'name', 'up1');
  try {
    for (const link of ['up0', 'up1']) await world.enclosure.output('ip', 'link', 'set', link, 'up');
    await world.enclosure.output('ip', 'address', 'add', '10.78.0.1/24', 'dev', 'up1');
    const shared = `<interface type='direct'><source dev='up0' mode='bridge'/><ip address='10.78.0.2' prefix='24'/></interface>`;
    await world.run(domainXml({ name: 'live', interfaces: [shared] }));
    await ping('10.78.0.2', 100);
    await assertFrames('live', 100);
    await world.kill();
    await ping('10.78.0.2', 50);
    await world.start();
    await assertFrames('live', 150);
    const file = `${world.host}/live.xml`;
    await world.enclosure.output('/bin/sh', '-c', `echo "${routed('192.168.7.63')}" > ${file}`);
    await virsh('attach-device', 'live', file, '--live');
    await ping('192.168.7.63', 70);
    await virsh('detach-device', 'live', file, '--live');
    await assertFrames('live', 220);
    await world.erase('live');
  } finally {
    await world.enclosure.output('ip', 'link', 'delete', 'up0');
  }
});
