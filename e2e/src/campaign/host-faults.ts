// What may go wrong with a host, one thing at a time: how it is brought about beside running containers, and taken back.
// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, rmdir, writeFile } from 'node:fs/promises';
import { output } from '../command.js';
import { cgroupsOf } from '../inventory.js';
import { waitFor } from '../wait.js';
import type { World } from '../world.js';

/** Takes it back. */
export type Heal = () => Promise<void>;

/** Brings it about for a world on a disk of its own in which `stays` runs. */
export type HostFault = (world: World) => Promise<Heal>;

const prlimit = (pid: number, limit: string) => output(['/usr/bin/prlimit', '--pid', String(pid), limit]);

/** A group of its own in a hierarchy of version 1, or of the only one there is. */
async function groupOf(
  controller: string,
  limits: Readonly<Record<string, string>>,
  pids: readonly number[],
): Promise<Heal> {
  const top = readdirSync('/sys/fs/cgroup').includes(controller)
    ? `/sys/fs/cgroup/${controller}`
    : '/sys/fs/cgroup';
  const folder = `${top}/cvfault-${process.pid}`;
  const homes = pids.map((pid) => [pid, homeOf(pid, controller)] as const);
  await mkdir(folder);
  for (const pid of pids) await writeFile(`${folder}/cgroup.procs`, String(pid));
  for (const [file, value] of Object.entries(limits)) await writeFile(`${folder}/${file}`, value);
  return async () => {
    for (const [pid, home] of homes)
      await writeFile(`${top}${home}/cgroup.procs`, String(pid)).catch(() => undefined); // it may have been killed
    for (const pid of readFileSync(`${folder}/cgroup.procs`, 'utf8')
      .split('\n')
      .filter((line) => line !== ''))
      await writeFile(`${top}/cgroup.procs`, pid).catch(() => undefined);
    await waitFor('the group to be empty', () =>
      rmdir(folder).then(
        () => true,
        () => false,
      ),
    );
  };
}

function homeOf(pid: number, controller: string): string {
  const lines = readFileSync(`/proc/${pid}/cgroup`, 'utf8').split('\n');
  const line = lines.find((one) => one.split(':')[1]?.split(',').includes(controller)) ?? lines[0] ?? '';
  return line.split(':')[2] ?? '/';
}

const processOf = (world: World, pattern: RegExp): number | undefined => {
  const line = world.processes().find((one) => pattern.test(one));
  return line === undefined ? undefined : Number(line.split(' ')[0]);
};

/** Whatever lxc-start comes is stopped, or killed, for as long as this lasts. */
function onEachStart(world: World, signal: NodeJS.Signals, then?: NodeJS.Signals): Heal {
  const met = new Set<number>();
  const timer = setInterval(() => {
    const pid = processOf(world, / \/usr\/bin\/lxc-start /);
    if (pid === undefined || met.has(pid)) return;
    met.add(pid);
    send(pid, signal);
    if (then !== undefined) setTimeout(() => send(pid, then), 300);
  }, 1);
  return async () => {
    clearInterval(timer);
    for (const pid of met) send(pid, 'SIGCONT');
  };
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // ended meanwhile
  }
}

export const hostFaults: Readonly<Record<string, HostFault>> = {
  'a full disk under state and images': async (world) => {
    await world.disk.fill();
    return () => world.disk.empty();
  },
  'a disk with room for a state and not for an image': async (world) => {
    await world.disk.fill(256 * 1024);
    return () => world.disk.empty();
  },
  'a full disk under run': async (world) => {
    const filler = world.enclosure.path(`${world.root}/run/filler`);
    await output(['/bin/dd', 'if=/dev/zero', `of=${filler}`, 'bs=4096', 'status=none']).catch(
      () => undefined,
    );
    return async () => {
      await output(['/bin/rm', '--force', filler]);
    };
  },
  'a read-only state': async (world) => {
    await world.enclosure.output('mount', '-o', 'remount,ro', world.root);
    return async () => {
      await world.enclosure.output('mount', '-o', 'remount,rw', world.root);
    };
  },
  'out of descriptors': async (world) => {
    const pid = world.daemonPid;
    const taken = new Set(readdirSync(`/proc/${pid}/fd`).map(Number));
    // Counted are numbers, and a free one below the highest is as good as any.
    let lowest = 0;
    while (taken.has(lowest)) lowest++;
    const before = /^Max open files\s+(\d+)\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/limits`, 'utf8'));
    await prlimit(pid, `--nofile=${lowest + 2}:${before?.[2] ?? ''}`);
    return async () => {
      await prlimit(pid, `--nofile=${before?.[1] ?? ''}:${before?.[2] ?? ''}`).catch(() => undefined);
    };
  },
  'out of process ids': async (world) => {
    const pid = world.daemonPid;
    const used = readdirSync(`/proc/${pid}/task`).length;
    return await groupOf('pids', { 'pids.max': String(used + 1) }, [pid]);
  },
  'out of memory': async (world) => {
    const pid = world.daemonPid;
    const file = readdirSync('/sys/fs/cgroup').includes('memory') ? 'memory.limit_in_bytes' : 'memory.max';
    // What it holds already is not counted here again.
    return await groupOf('memory', { [file]: String(256 * 1024) }, [pid]);
  },
  'a hanging lxc-start that is killed': async (world) => onEachStart(world, 'SIGSTOP', 'SIGKILL'),
  'a killed lxc-start': async (world) => onEachStart(world, 'SIGKILL'),
  'a killed lxcfs': async (world) => {
    const pid = world.lxcfs().at(-1);
    if (pid !== undefined) send(pid, 'SIGKILL');
    return async () => undefined;
  },
  'a control group that cannot be removed': async (world) => {
    const folder = cgroupsOf(world.root).find(
      (path) => path.includes('/pids/') && path.endsWith('/lxc.payload.goes'),
    );
    if (folder === undefined) return async () => undefined; // cgroup v2: what is put there is killed with the rest
    // A child of ours, which the kill of the container does not see in the hierarchies it looks at.
    const { spawn } = await import('node:child_process');
    const child = spawn('/bin/sleep', ['600'], { stdio: 'ignore' });
    await writeFile(`${folder}/cgroup.procs`, String(child.pid));
    return async () => {
      child.kill('SIGKILL');
      await waitFor('it to be gone', () => child.signalCode !== null);
    };
  },
};
