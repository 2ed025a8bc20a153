// A libvirtd with its LXC driver and a bridge, or with its network driver, in namespaces of its own; nothing of it is left afterwards.
// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { output } from './command.js';

const helper = fileURLToPath(new URL('../../../bench/rpc/lxc-libvirtd.mjs', import.meta.url));

/** Groups that driver makes at the top of each hierarchy, or of the only one. */
function groups(): string[] {
  const top = '/sys/fs/cgroup';
  const hierarchies = [top, ...readdirSync(top).map((name) => `${top}/${name}`)];
  return hierarchies
    .flatMap((path) => ['machine', 'machine.slice'].map((name) => `${path}/${name}`))
    .filter((path) => existsSync(path));
}

export interface LxcLibvirtd extends AsyncDisposable {
  readonly uri: string;
}

/** Starts it; its socket and state are below `folder`. */
export const startLxcLibvirtd = (folder: string, bridge: string): LxcLibvirtd =>
  startLibvirtd(folder, 'lxc', [bridge]);

/** Debian 12 has it with the daemon, later ones in a package of its own. */
export const hasNetworkDriver = (): boolean => {
  const machine = process.arch === 'arm64' ? 'aarch64' : 'x86_64';
  return existsSync(`/usr/lib/${machine}-linux-gnu/libvirt/connection-driver/libvirt_driver_network.so`);
};

/** Who waits for processes that lost their parents: that driver waits long for each dnsmasq that it ended, and that is nobody's. */
const reaper = ['/bin/sh', '-c', 'exec 3<&0; "$0" "$@" <&3 & wait $!'];

/** The same with libvirt's own network driver, and no bridge. */
export const startNetworkLibvirtd = (folder: string): LxcLibvirtd =>
  startLibvirtd(folder, 'network', ['', 'network'], reaper);

function startLibvirtd(
  folder: string,
  scheme: string,
  words: readonly string[],
  first: readonly string[] = [],
): LxcLibvirtd {
  const before = new Set(groups());
  const libvirtd = spawn(
    'unshare',
    [
      ...['--mount', '--propagation', 'private', '--pid', '--fork', '--kill-child', '--mount-proc', '--net'],
      ...[...first, process.execPath, helper, folder, ...words],
    ],
    { stdio: ['pipe', 'ignore', 'ignore'] },
  );
  const gone = new Promise((resolve) => libvirtd.once('exit', resolve));
  return {
    uri: `${scheme}+unix:///system?socket=${folder}/libvirt-sock`,
    async [Symbol.asyncDispose]() {
      libvirtd.stdin.end();
      await gone;
      for (const path of groups())
        if (!before.has(path)) await output(['find', path, '-depth', '-type', 'd', '-delete']);
    },
  };
}
