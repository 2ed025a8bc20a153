// virsh on networks here, beside virsh on libvirt's own network driver: each command does the same, and says the same.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { clientOptions } from '../world/client-program.js';
import { sameBut } from '../world/clients-compare.js';
import { networkRows, networkUuid } from '../world/clients-networks.js';
import { type Outcome, run } from '../world/command.js';
import { startNetworkLibvirtd } from '../world/lxc-libvirtd.js';
import { waitFor } from '../world/wait.js';
import { World } from '../world/world.js';

let world: World;
before(async () => {
  world = await World.open();
  // libvirt's driver is asked without the network that its package brings.
  const { active } = await world.client.networks.info({ network: 'default' });
  if (active) await world.client.networks.stop({ network: 'default' });
  await world.client.networks.undefine({ network: 'default' });
});
after(() => world.close());

const options = { ...clientOptions, env: { ...clientOptions.env, EDITOR: '/bin/true' } };

async function runTable(uri: string, folder: string): Promise<Outcome[]> {
  await mkdir(folder, { recursive: true });
  const file = `${folder}/input`;
  const outcomes: Outcome[] = [];
  for (const { command, input } of networkRows) {
    if (input !== undefined) await writeFile(file, input);
    const named: Readonly<Record<string, string>> = { FILE: file, UUID: networkUuid };
    const words = command.split(' ').map((word) => named[word] ?? word);
    const { stdout, stderr, ...rest } = await run(['virsh', '-c', uri, ...words], options);
    const told = (text: string): string => text.replaceAll(file, 'FILE');
    outcomes.push({ ...rest, stdout: told(stdout), stderr: told(stderr) });
  }
  return outcomes;
}

test('every virsh command of networks does what the table says', async () => {
  const outcomes = await runTable(world.uri('ctvirt'), `${world.host}/here`);
  for (const [at, { command, refused, anyStatus, prints }] of networkRows.entries()) {
    const { status, stdout = '', stderr = '' } = outcomes[at] ?? {};
    const said = `virsh ${command}\n${stdout}${stderr}`;
    if (anyStatus !== true) assert.equal(status === 0, refused === undefined, said);
    if (prints !== undefined) assert.match(stdout + stderr, prints, said);
  }
});

test("libvirt's own network driver does and says the same", async (t) => {
  const folder = `${world.host}/there`;
  await mkdir(folder);
  await using libvirtd = startNetworkLibvirtd(folder);
  const ready = async () => (await run(['virsh', '-c', libvirtd.uri, 'uri'], options)).status === 0;
  await waitFor('libvirtd', ready, 20_000);
  const there = await runTable(libvirtd.uri, `${folder}/files`);
  const here = await runTable(world.uri('ctvirt'), `${world.host}/here`);
  const surprising: string[] = [];
  for (const [at, { command, differs }] of networkRows.entries()) {
    const [ours, theirs] = [here[at], there[at]];
    if (ours === undefined || theirs === undefined) continue;
    const lines = sameBut(ours, theirs);
    const isKnown = differs !== undefined && lines.every((line) => differs.lines.test(line));
    if (lines.length > 0 && !isKnown) surprising.push([command, ...lines].join('\n  '));
    if (lines.length === 0 && differs !== undefined) surprising.push(`${command}: no longer differs`);
  }
  t.diagnostic(`${networkRows.length} commands`);
  assert.deepEqual(surprising, []);
});
