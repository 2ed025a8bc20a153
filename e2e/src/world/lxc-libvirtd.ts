// A libvirtd with its LXC driver and a bridge, in namespaces of its own; nothing of it is left afterwards.
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
export async function startLxcLibvirtd(folder: string, bridge: string): Promise<LxcLibvirtd> {
  const before = new Set(groups());
  const libvirtd = spawn(
    'unshare',
    [
      ...['--mount', '--propagation', 'private', '--pid', '--fork', '--kill-child', '--mount-proc', '--net'],
      ...[process.execPath, helper, folder, bridge],
    ],
    { stdio: ['pipe', 'ignore', 'ignore'] },
  );
  const gone = new Promise((resolve) => libvirtd.once('exit', resolve));
  return {
    uri: `lxc+unix:///system?socket=${folder}/libvirt-sock`,
    async [Symbol.asyncDispose]() {
      libvirtd.stdin.end();
      await gone;
      for (const path of groups())
        if (!before.has(path)) await output(['find', path, '-depth', '-type', 'd', '-delete']);
    },
  };
}
