// What may go wrong with a host, one thing at a time: how it is brought about beside running containers, and taken back.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { copyFile, mkdir, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { output } from '../world/command.js';
import { cgroupsOf } from '../world/inventory.js';
import { waitFor } from '../world/wait.js';
import type { World } from '../world/world.js';

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

/** Some milliseconds after its start each lxc-start gets a signal: from its own child, since nobody else is as fast. */
const starter = `
  my ($real, $signal, $most) = splice @ARGV, 0, 3;
  my $me = $$;
  unless (fork) { select undef, undef, undef, rand() * $most / 1000; kill $signal, $me; exit }
  exec { $real } '/usr/bin/lxc-start', @ARGV;
`;

/** Ends with none of them left. */
async function onEachStart(world: World, signal: 'STOP' | 'KILL'): Promise<Heal> {
  const real = `${world.root}/run/lxc-start`;
  const wrapper = `${world.root}/run/starter`;
  const path = (inside: string) => world.enclosure.path(inside);
  await copyFile('/usr/bin/lxc-start', path(real));
  const text = `#!/usr/bin/perl\nunshift @ARGV, '${real}', '${signal}', 8;${starter}`;
  await writeFile(path(wrapper), text, { mode: 0o755 });
  await world.enclosure.output('mount', '--bind', wrapper, '/usr/bin/lxc-start');
  return async () => {
    await world.enclosure.output('umount', '--lazy', '/usr/bin/lxc-start');
    for (const file of [real, wrapper]) await rm(path(file));
  };
}

/** Debian's libfaketime reads the file whenever somebody asks for the time; what takes time is not asked of it. */
const falseClock = (file: string): string[] => [
  '/usr/bin/env',
  `LD_PRELOAD=/usr/lib/${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu/faketime/libfaketimeMT.so.1`,
  `FAKETIME_TIMESTAMP_FILE=${file}`,
  ...['FAKETIME_NO_CACHE=1', 'FAKETIME_DONT_FAKE_MONOTONIC=1', 'NO_FAKE_STAT=1'],
];
const DAY_S = 86_400;

/** inotify_init1(2). */
const inotifyCall = { x64: 294, arm64: 26 } as const;
const takeAll = `
  $| = 1;
  while ((my $fd = syscall($ARGV[0], 0)) >= 0) { push @all, $fd }
  print $!{EMFILE} ? "all\n" : "$!\n";
  sleep 600;
`;

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
    // A view of it alone: consoles of what runs are written on, which keeps the disk itself from being made so.
    const state = `${world.root}/lib`;
    await world.enclosure.output('mount', '--rbind', state, state);
    await world.enclosure.output('mount', '-o', 'remount,bind,ro', state);
    return async () => {
      await world.enclosure.output('umount', '--recursive', '--lazy', state);
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
  'a killed lxc-start': async (world) => onEachStart(world, 'KILL'),
  'a killed lxcfs': async (world) => {
    const pid = world.lxcfs().at(-1);
    if (pid !== undefined) process.kill(pid, 'SIGKILL');
    return async () => undefined;
  },
  'a control group that cannot be removed': async (world) => {
    const groups = cgroupsOf(world.root).filter((path) => path.endsWith('/lxc.payload.goes'));
    const folder = groups.find((path) => path.includes('/pids/'));
    const freezers = groups.find((path) => path.includes('/freezer/'))?.replace(/ctvirt-[^/]*\/.*/, '');
    if (folder === undefined || freezers === undefined) return async () => undefined; // cgroup v2 kills what is frozen
    const child = spawn('/bin/sleep', ['600'], { stdio: 'ignore' });
    // What is frozen elsewhere does not die of a signal.
    const ice = `${freezers}cvfault-${process.pid}`;
    await mkdir(ice);
    for (const group of [ice, folder]) await writeFile(`${group}/cgroup.procs`, String(child.pid));
    await writeFile(`${ice}/freezer.state`, 'FROZEN');
    return async () => {
      assert.ok(existsSync(folder), 'the control group was removed with a process in it');
      await writeFile(`${ice}/freezer.state`, 'THAWED');
      child.kill('SIGKILL');
      await waitFor('it to be gone', () => child.signalCode !== null);
      await rmdir(ice);
    };
  },
  'a clock that is set back a day, and forth': async (world) => {
    const file = `${world.root}/run/clock`;
    const path = world.enclosure.path(file);
    // Read at any moment, and by libfaketime never half.
    const set = async (offset: string) => {
      await writeFile(`${path}.next`, offset);
      await rename(`${path}.next`, path);
    };
    await set('+0');
    await world.stop();
    await world.start({ through: falseClock(file) });
    let isBack = false;
    const timer = setInterval(() => {
      isBack = !isBack;
      set(isBack ? `-${DAY_S}` : '+0').catch(() => clearInterval(timer));
    }, 150);
    return async () => {
      clearInterval(timer);
      for (const left of [path, `${path}.next`]) await rm(left, { force: true });
    };
  },
  'out of inotify': async () => {
    const call = inotifyCall[process.arch === 'arm64' ? 'arm64' : 'x64'];
    const taker = spawn('/usr/bin/perl', ['-MErrno', '-e', takeAll, String(call)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let said = '';
    taker.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
    await waitFor('all instances to be taken', () => said === 'all\n');
    return async () => {
      taker.kill('SIGKILL');
      await waitFor('them to be free', () => taker.signalCode !== null);
    };
  },
  'out of loop devices': async (world) => {
    // As the kernel has it on a host that may have no more: nobody there to ask for one.
    await world.enclosure.output('mount', '--bind', '/dev/null', '/dev/loop-control');
    return async () => {
      await world.enclosure.output('umount', '/dev/loop-control');
    };
  },
};

/** What takes its time: the daemon's patience is a minute. */
export const slowFaults: Readonly<Record<string, HostFault>> = {
  'an lxc-start that hangs': async (world) => onEachStart(world, 'STOP'),
};
