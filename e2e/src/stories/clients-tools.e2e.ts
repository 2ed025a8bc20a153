// Programs on top of libvirt: virt-install, virt-xml, and the exporter of its counters. Debian 12 has no virt-top.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { get } from 'node:http';
import { after, before, test } from 'node:test';
import { done } from '../world/client-program.js';
import { domainXml } from '../world/documents.js';
import { waitFor } from '../world/wait.js';
import { World } from '../world/world.js';

let world: World;
before(async () => {
  world = await World.open();
});
after(() => world.close());

test('virt-install makes and starts a container, virt-xml changes it', async () => {
  const root = `${world.host}/root`;
  await done(['cp', '-a', `${world.root}/lib/templates/busybox/rootfs`, root]);
  await done([
    ...['virt-install', '--connect', world.uri('lxc'), '--name', 'installed', '--memory', '128'],
    ...['--filesystem', `${root},/`, '--init', '/sbin/init', '--network', 'none', '--noautoconsole'],
  ]);
  assert.equal(await world.state('installed'), 'running (booted)');
  await done(['virt-xml', '--connect', world.uri('lxc'), 'installed', '--edit', '--memory', '100']);
  const xml = await world.client.domains.xml({ domain: 'installed', inactive: true });
  assert.match(xml, /<(currentMemory|memory) unit='KiB'>102400</);
  await world.clear();
});

test('virt-install goes from nothing to a container on the network default', async () => {
  const root = `${world.host}/networked`;
  await done(['cp', '-a', `${world.root}/lib/templates/busybox/rootfs`, root]);
  await done([
    ...['virt-install', '--connect', world.uri('lxc'), '--container', '--name', 'networked'],
    ...['--memory', '128', '--filesystem', `${root},/`, '--init', '/sbin/init'],
    ...['--network', 'default', '--noautoconsole'],
  ]);
  assert.equal(await world.state('networked'), 'running (booted)');
  const [, subnet] = /inet (192\.168\.\d+)\.\d+\/24/.exec(await world.shell('networked', 'ip address')) ?? [];
  assert.ok(subnet !== undefined);
  assert.match(await world.shell('networked', 'ip route'), new RegExp(`^default via ${subnet}\\.1 `, 'm'));
  await world.erase('networked');
  await world.client.networks.stop({ network: 'default' });
  await world.clear();
});

test('the exporter finds every counter it looks for', async () => {
  await world.run(domainXml({ name: 'scraped', more: "<memory unit='KiB'>65536</memory>" }));
  const port = 20_000 + (process.pid % 20_000);
  const exporter = spawn(
    'prometheus-libvirt-exporter',
    [`--libvirt.uri=${world.uri('ctvirt')}`, `--web.listen-address=127.0.0.1:${port}`],
    { stdio: 'ignore' },
  );
  try {
    const page = await waitFor('the exporter', () => fetchText(`http://127.0.0.1:${port}/metrics`));
    assert.match(page, /^libvirt_up 1$/m);
    assert.match(page, /^libvirt_domain_info_maximum_memory_bytes\{domain="scraped".*\} 6\.7108864e\+07$/m);
    assert.match(page, /^libvirt_domain_info_cpu_time_seconds_total\{domain="scraped"/m);
  } finally {
    const gone = new Promise((resolve) => exporter.once('exit', resolve));
    exporter.kill();
    await gone;
  }
  await world.clear();
});

function fetchText(url: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    get(url, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (part: string) => (text += part));
      answer.on('end', () => resolve(text));
    }).on('error', () => resolve(undefined)); // not listening yet
  });
}
