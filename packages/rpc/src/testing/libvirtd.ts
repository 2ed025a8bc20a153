// A libvirtd of a test's own: an unprivileged daemon with private folders, its test driver as the hypervisor.
// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** The user `nobody` on Debian: a privileged daemon would use the host's own state folders. */
const nobody = 65_534;

/** Where a program lies, looked for where daemons are too. */
export function findProgram(name: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  return folders
    .map((folder) => join(folder, name))
    .find((path) => {
      try {
        accessSync(path);
        return true;
      } catch {
        return false;
      }
    });
}

/** Why tests against a real libvirtd cannot run here; false when they can. */
export const noLibvirtd: string | false =
  findProgram('libvirtd') === undefined ? 'no libvirtd here: apt-get install libvirt-daemon' : false;

/** Why tests with a real virsh cannot run here; false when they can. */
export const noVirsh: string | false =
  findProgram('virsh') === undefined ? 'no virsh here: apt-get install libvirt-clients' : false;

/** A running daemon; `uri` reaches its test driver. */
export interface Libvirtd extends AsyncDisposable {
  readonly socket: string;
  readonly tcpPort: number;
  readonly uri: string;
}

async function isListening(path: string): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect({ path });
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 5000);
  await gone;
  clearTimeout(timer);
}

/** Starts a daemon in a folder of its own and waits until it listens. */
export async function startLibvirtd(): Promise<Libvirtd> {
  const program = findProgram('libvirtd');
  if (program === undefined) throw new Error('no libvirtd here');
  const folder = mkdtempSync(join(tmpdir(), 'ctvirt-libvirtd-'));
  const isRoot = process.getuid?.() === 0;
  if (isRoot) chownSync(folder, nobody, nobody);
  const tcpPort = 20_000 + (process.pid % 20_000);
  const settings = [
    `unix_sock_dir = "${folder}"`,
    'auth_unix_rw = "none"',
    'auth_unix_ro = "none"',
    'listen_tls = 0',
    'listen_tcp = 1',
    'auth_tcp = "none"',
    'listen_addr = "127.0.0.1"',
    `tcp_port = "${tcpPort}"`,
    `log_outputs = "1:file:${folder}/log"`,
    'log_level = 3',
  ];
  writeFileSync(join(folder, 'libvirtd.conf'), `${settings.join('\n')}\n`);
  for (const name of ['home', 'run']) {
    mkdirSync(join(folder, name));
    if (isRoot) chownSync(join(folder, name), nobody, nobody);
  }
  // Should the tests die, the daemon ends by itself once nobody is connected.
  const args = [
    '--listen',
    '--timeout',
    '30',
    '--config',
    join(folder, 'libvirtd.conf'),
    '--pid-file',
    join(folder, 'pid'),
  ];
  const child = spawn(program, args, {
    cwd: folder,
    stdio: 'ignore',
    env: { PATH: process.env.PATH, HOME: join(folder, 'home'), XDG_RUNTIME_DIR: join(folder, 'run') },
    ...(isRoot && { uid: nobody, gid: nobody }),
  });
  const socket = join(folder, 'libvirt-sock');
  for (let tries = 0; !(await isListening(socket)); tries++) {
    if (tries > 200 || child.exitCode !== null)
      throw new Error(`libvirtd did not start (status ${child.exitCode}); see ${folder}/log`);
    await sleep(50);
  }
  return {
    socket,
    tcpPort,
    uri: `test+unix:///default?socket=${socket}`,
    async [Symbol.asyncDispose]() {
      await stop(child);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
