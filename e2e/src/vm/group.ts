// A running domain's control group as the kernel shows it on a host with cgroup v2 alone.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { World } from '../world/world.js';

export class Group {
  private constructor(readonly folder: string) {}

  static async of(world: World, domain: string): Promise<Group> {
    const { initPid } = await world.client.domains.info({ domain });
    const [, path] = /^0::(\/.*)$/m.exec(readFileSync(`/proc/${initPid}/cgroup`, 'utf8')) ?? [];
    // An init may have gone into a group of its own below.
    const [, payload] = /^(.*\/lxc\.payload\.[^/]+)/.exec(path ?? '') ?? [];
    return new Group(join('/sys/fs/cgroup', payload ?? assert.fail(`not a container's group: ${path}`)));
  }

  /** The group of all containers. */
  get parent(): Group {
    return new Group(dirname(this.folder));
  }

  read(file: string): string {
    return readFileSync(join(this.folder, file), 'utf8').trim();
  }

  write(file: string, value: string): void {
    writeFileSync(join(this.folder, file), value);
  }

  /** A number of a file with a name and a number in each line, such as `memory.stat`. */
  count(file: string, name: string): number {
    const [, found] = new RegExp(`^${name} (\\d+)$`, 'm').exec(this.read(file)) ?? [];
    return Number(found ?? assert.fail(`${file} has no ${name}`));
  }

  get cpuSeconds(): number {
    return this.count('cpu.stat', 'usage_usec') / 1e6;
  }
}

/** The processors each of the groups uses within the time, as shares of one. */
export async function sharesOf(groups: readonly Group[], ms: number): Promise<number[]> {
  const began = performance.now();
  const before = groups.map((group) => group.cpuSeconds);
  await sleep(ms);
  const seconds = (performance.now() - began) / 1000;
  return groups.map((group, index) => (group.cpuSeconds - (before[index] ?? 0)) / seconds);
}
