// Two worlds as two hosts that know each other by name, each with its own /etc and /run, where root of either logs in at the other.
// SPDX-License-Identifier: Apache-2.0
import { symlinkSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { type Lan, lan, routeFor } from './lan.js';
import { type SshServer, sshServer } from './ssh-server.js';
import type { World } from './world.js';

const named = [
  ['near.example.org', '192.0.2.1'],
  ['far.example.org', '192.0.2.2'],
] as const;

export async function neighbours(near: World, far: World): Promise<AsyncDisposable> {
  const network: Lan = await lan(near, far);
  const servers: SshServer[] = [];
  await routeFor(near, far);
  const worlds = [near, far] as const;
  for (const [at, world] of worlds.entries()) {
    await ownFolders(world);
    servers.push(await sshServer(world, named[at]?.[1] ?? ''));
  }
  for (const [at, world] of worlds.entries()) {
    // The machine's name, which both daemons say is theirs, is the other's here.
    const other = named[1 - at]?.[1];
    const lines = named.map(
      ([name, address]) => `${address} ${name} ${address === other ? hostname() : ''}\n`,
    );
    writeFileSync(world.enclosure.path('/etc/hosts'), `127.0.0.1 localhost\n${lines.join('')}`);
    const hosts = named.map(([name, address], whose) => {
      const { host } = worlds[whose] ?? world;
      const names = `${name} ${address} ${address === other ? hostname() : ''}`;
      return `Host ${names}\n  HostKeyAlias ${address}\n  IdentityFile ${host}/ssh-key\n  UserKnownHostsFile ${host}/ssh-known\n`;
    });
    writeFileSync(world.enclosure.path('/etc/ssh/ssh_config'), hosts.join(''));
  }
  return {
    async [Symbol.asyncDispose]() {
      for (const server of servers) server[Symbol.dispose]();
      await network[Symbol.asyncDispose]();
    },
  };
}

/** What is written there is the world's alone, and goes with it. */
async function ownFolders(world: World): Promise<void> {
  const out = (...argv: string[]) => world.enclosure.output(...argv);
  await out('mount', '-t', 'tmpfs', 'run', '/run');
  await out('mkdir', '/run/sshd', '/run/libvirt', '/run/upper', '/run/work');
  await out(
    'mount',
    '-t',
    'overlay',
    'etc',
    '-o',
    'lowerdir=/etc,upperdir=/run/upper,workdir=/run/work',
    '/etc',
  );
  for (const folder of ['etc', 'run'])
    symlinkSync(`${world.root}/${folder}`, world.enclosure.path(`/${folder}/ctvirt`));
}
