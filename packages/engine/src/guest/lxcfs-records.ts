// Who serves which device: what a later daemon needs to know of each lxcfs that containers still look at.
// SPDX-License-Identifier: Apache-2.0
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { detachMount } from '../host/mount-calls.js';
import { type MountEntry, mountsBelow } from '../host/mountinfo.js';
import { commandLine, isHeld, killIfThere, startTicks } from '../host/processes.js';

const END_WAIT_MS = 3000;

/** An lxcfs process, and the file system it serves. */
export interface Served {
  /** `major:minor` of its file system. */
  readonly device: string;
  readonly pid: number;
  /** One that is stopped hangs whoever looks at its files. */
  readonly state: 'up' | 'held' | 'gone';
}

/** A file for each, named by the device. */
export class LxcfsRecords {
  constructor(
    private readonly folder: string,
    private readonly program: string,
  ) {}

  prepare(): void {
    this.#takeOver();
    mkdirSync(this.folder, { recursive: true, mode: 0o711 });
  }

  add(device: string, pid: number): void {
    mkdirSync(this.folder, { recursive: true, mode: 0o711 });
    const path = join(this.folder, device);
    writeFileSync(`${path}~`, `${pid} ${startTicks(pid) ?? 0}`, { mode: 0o600 });
    renameSync(`${path}~`, path);
  }

  remove(device: string): void {
    rmSync(join(this.folder, device), { force: true });
  }

  all(): Served[] {
    if (!existsSync(this.folder)) return []; // erased by somebody: what they serve goes on
    return readdirSync(this.folder)
      .filter((name) => /^\d+:\d+$/.test(name))
      .map((device) => {
        const [pid = 0, ticks] = readFileSync(join(this.folder, device), 'utf8').split(' ').map(Number);
        return { device, pid, state: this.#stateOf(pid, ticks) };
      });
  }

  /** Whoever waits for one that is held gets an error then. */
  async end({ device, pid }: Served): Promise<void> {
    const isThere = (): boolean => this.all().some((one) => one.device === device && one.state !== 'gone');
    if (!isThere()) return;
    killIfThere(pid);
    for (const deadline = performance.now() + END_WAIT_MS; isThere(); await sleep(5))
      if (performance.now() > deadline) return;
  }

  #stateOf(pid: number, ticks: number | undefined): Served['state'] {
    // The pid may be another's by now; one that has ended and waits for its parent has no command line.
    if (startTicks(pid) !== ticks || !commandLine(pid).includes(this.program)) return 'gone';
    return isHeld(pid) ? 'held' : 'up';
  }

  /** Daemons of older versions had theirs mounted on the host: containers go on with it. */
  #takeOver(): void {
    const [shown, pidFile] = [`${this.folder}.shown`, `${this.folder}.pid`];
    const [whole, parts] = [mountsOfLxcfs(this.folder), mountsOfLxcfs(shown)];
    const [device] = [...whole, ...parts].map((mount) => mount.device);
    for (const { target } of whole) detachMount(target);
    if (device !== undefined) this.add(device, pidIn(pidFile));
    for (const { target } of parts) detachMount(target);
    rmSync(pidFile, { force: true });
    // One by one: whatever may be mounted there, nothing is erased in it.
    for (const below of ['proc', 'sys/devices/system/cpu', 'sys/devices/system', 'sys/devices', 'sys', ''])
      if (existsSync(join(shown, below))) rmdirSync(join(shown, below));
  }
}

const mountsOfLxcfs = (folder: string): MountEntry[] =>
  mountsBelow(folder).filter(({ type }) => type === 'fuse.lxcfs');

function pidIn(path: string): number {
  try {
    return Number(readFileSync(path, 'utf8'));
  } catch {
    return 0; // none was started, or it has ended by itself
  }
}
