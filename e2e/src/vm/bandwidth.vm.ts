// Rates of a link, kept both ways by a kernel that has the means, and changed while the container runs.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { after, before, suite, test } from 'node:test';
import { connect } from '@ctvirt/rpc';
import { domainXml } from '../documents.js';
import { hostAddress } from '../enclosure.js';
import { waitFor } from '../wait.js';
import { World } from '../world.js';

const KiB = 1024;
const address = '192.168.7.30';

suite('bandwidth', () => {
  let world: World;
  before(async () => {
    world = await World.open();
    await mkdir(`${world.host}/www`);
  });
  after(async () => {
    await world.clear();
    await world.close();
  });

  /** KiB a second, the bucket that is full at first left out. */
  async function rateOf(kib: number, burst: number, work: Promise<unknown>): Promise<number> {
    const began = performance.now();
    await work;
    return (kib - burst) / ((performance.now() - began) / 1000);
  }

  test('what is sent takes its time, either way, also after a live change', async () => {
    const rates =
      "<bandwidth><inbound average='300' burst='64'/><outbound average='200' burst='64'/></bandwidth>";
    const link = `<interface type='ethernet'>${rates}<target dev='ve-slow'/><ip address='${address}'/></interface>`;
    await world.run(domainXml({ name: 'slow', program: [], interfaces: [link] }));
    assert.doesNotMatch(world.log, /is not limited/);
    await waitFor('a page', () => world.enclosure.fetch(`http://${address}/`).catch(() => undefined), 30_000);
    await world.shell('slow', `dd if=/dev/zero of=/srv/www/large bs=${KiB} count=600 2>/dev/null`);
    const outbound = () =>
      rateOf(
        600,
        64,
        world.enclosure.output('busybox', 'wget', '-qO', '/dev/null', `http://${address}/large`),
      );
    const first = await outbound();
    await writeFile(`${world.host}/www/large`, ' '.repeat(600 * KiB));
    const served = ['httpd', '-f', '-p', `${hostAddress.v4}:8080`, '-h', `${world.host}/www`];
    const [file = '', ...args] = world.enclosure.argv('busybox', ...served);
    const server = spawn(file, args, { stdio: 'ignore' });
    const inbound = await rateOf(
      600,
      64,
      world.shell('slow', `wget -qO /dev/null http://${hostAddress.v4}:8080/large`),
    ).finally(() => server.kill());
    const connection = await connect(`ctvirt+unix:///system?socket=${world.root}/run/libvirt-sock`);
    const domain = await connection.domainLookupByName({ name: 'slow' });
    const params = [{ field: 'outbound.average', type: 'uint', value: 400 } as const];
    await domain.setInterfaceParameters({ device: 've-slow', params, flags: 1 });
    await connection.close();
    const second = await outbound();
    const told = `${first.toFixed(0)} and ${second.toFixed(0)} KiB/s from it, ${inbound.toFixed(0)} to it`;
    process.stderr.write(`${told}\n`);
    // What is too much of what it sends is dropped, so TCP stays below the rate.
    assert.ok(first > 100 && first < 210, told);
    assert.ok(second > 210 && second < 420, told);
    assert.ok(inbound > 260 && inbound < 315, told);
  });
});
