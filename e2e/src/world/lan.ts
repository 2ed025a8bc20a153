// A network that the hosts of two worlds have links to, with a machine of its own in it.
// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, spawn } from 'node:child_process';
import { waitFor } from './wait.js';
import type { World } from './world.js';

export interface Lan extends AsyncDisposable {
  /** A command line as that machine runs it, which is at 192.0.2.9, 198.51.100.9 and 2001:db8:5::9. */
  argv(...argv: string[]): string[];
  /** The output of a program there that must succeed. */
  there(...argv: string[]): Promise<string>;
}

/** Each of both has `up0`, which is not up to anything yet, and a bridge with another link to the network, `br-up`. */
export async function lan(near: World, far: World): Promise<Lan> {
  const machine = sleeping(near);
  const network = `/proc/${machine.pid}/ns/net`;
  const isApart = async (): Promise<boolean> =>
    (await near.enclosure.output('readlink', network)) !==
    (await near.enclosure.output('readlink', '/proc/self/ns/net'));
  await waitFor('a network of its own', isApart);
  const inThere = (...words: string[]) => ['nsenter', `--net=${network}`, '--', ...words];
  const there = (...words: string[]) => near.enclosure.output(...inThere(...words));
  await there('ip', 'link', 'add', 'lan', 'type', 'bridge');
  for (const address of ['192.0.2.9/24', '198.51.100.9/24'])
    await there('ip', 'address', 'add', address, 'dev', 'lan');
  await there('ip', 'address', 'add', '2001:db8:5::9/64', 'dev', 'lan', 'nodad');
  await there('ip', 'link', 'set', 'lan', 'up');
  for (const [at, world] of [near, far].entries()) {
    const ip = (...words: string[]) => world.enclosure.output('ip', ...words);
    await ip('link', 'add', 'br-up', 'type', 'bridge');
    for (const link of ['up0', 'up1']) {
      const end = `${link}-${at}`;
      await ip('link', 'add', link, 'type', 'veth', 'peer', 'name', end, 'netns', `${machine.pid}`);
      await there('ip', 'link', 'set', end, 'master', 'lan', 'up');
      await ip('link', 'set', link, 'up');
    }
    await ip('link', 'set', 'up1', 'master', 'br-up');
    await ip('link', 'set', 'br-up', 'up');
  }
  return {
    argv: (...words) => near.enclosure.argv(...inThere(...words)),
    there,
    async [Symbol.asyncDispose]() {
      // By name: with the machine they would go as well, seconds later on a busy host.
      for (const world of [near, far])
        for (const link of ['up0', 'up1', 'br-up'])
          await world.enclosure.output('ip', 'link', 'delete', link);
      machine.kill('SIGKILL');
    },
  };
}

/** Each at its address on `up0`, and answering there for what it has a route to. */
export async function routeFor(near: World, far: World): Promise<void> {
  for (const [world, host] of [
    [near, 1],
    [far, 2],
  ] as const) {
    const out = (...argv: string[]) => world.enclosure.output(...argv);
    await out('ip', 'address', 'add', `192.0.2.${host}/24`, 'dev', 'up0');
    await out('ip', 'address', 'add', `2001:db8:5::${host}/64`, 'dev', 'up0', 'nodad');
    const settings = ['ipv4.ip_forward', 'ipv4.conf.up0.proxy_arp', 'ipv6.conf.all.forwarding'];
    for (const key of [...settings, 'ipv6.conf.up0.proxy_ndp']) await out('sysctl', '-qw', `net.${key}=1`);
  }
}

function sleeping(world: World): ChildProcess {
  const [file = '', ...args] = world.enclosure.argv(
    '/usr/bin/unshare',
    '--net',
    '--',
    '/bin/sleep',
    'infinity',
  );
  return spawn(file, args, { stdio: 'ignore' });
}
