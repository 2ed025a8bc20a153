// Two hosts with the same few domains between them, each of which writes; and what holds of both whenever nothing is under way.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { output } from './command.js';
import { domainXml, templateRoot } from './documents.js';
import { inventory } from './inventory.js';
import { lightenKey } from './light-key.js';
import { waitFor } from './wait.js';
import { World } from './world.js';
import { linesOf, logAtRest, logInside, writing } from './written.js';

/** The domains, each with the way in which its files are kept. */
const subjects: Readonly<Record<string, string>> = {
  folder: templateRoot,
  image: templateRoot.replace(
    '</filesystem>',
    "<space_hard_limit unit='MiB'>48</space_hard_limit><quota type='inodes' max='4000'/></filesystem>",
  ),
};
export const names = Object.keys(subjects);

/** What one is, and what there is of it. */
export interface Seen {
  readonly keeper: World;
  readonly state: string;
  readonly lines: number;
  readonly snapshots: readonly string[];
  readonly initPid: number | null;
}

/** Longer nobody may wait for a write. */
const WRITE_MS = 2000;
/** What is half-made is called so. */
const part = /(^|\/)(\.(new|gone|coming|revert|layer|partial)\b|moving\.json$|again\.json$|.*\.new$)/;

export class Pair {
  private constructor(
    readonly near: World,
    readonly far: World,
  ) {}

  static async open(parent: string): Promise<Pair> {
    const near = await World.open({ parent });
    const pair = new Pair(
      near,
      await World.open({ parent }).catch(async (error: unknown) => {
        await near.abandon();
        throw error;
      }),
    );
    try {
      for (const world of pair.both) await useRepository(world);
      for (const name of names) {
        await near.run(domainXml({ name, program: writing, filesystems: [subjects[name] ?? ''] }));
        await near.shell(name, bulk);
      }
    } catch (error) {
      await pair.abandon();
      throw error;
    }
    return pair;
  }

  get both(): readonly World[] {
    return [this.near, this.far];
  }

  otherThan(world: World): World {
    return world === this.near ? this.far : this.near;
  }

  get log(): string {
    return this.both.map((world) => world.log.slice(-2500)).join('\n--- the other one\n');
  }

  async keeper(name: string): Promise<World> {
    const holders: World[] = [];
    for (const world of this.both)
      if ((await world.client.domains.list()).some((one) => one.name === name)) holders.push(world);
    assert.equal(holders.length, 1, `${holders.length} hosts have '${name}'`);
    return holders[0] ?? this.near;
  }

  async see(name: string): Promise<Seen> {
    const keeper = await this.keeper(name);
    const { state } = await keeper.client.domains.summary({ domain: name });
    const snapshots = (await keeper.client.snapshots.list({ domain: name })).map((one) => one.name);
    const { initPid } = await keeper.client.domains.info({ domain: name });
    return { keeper, state, lines: await linesIn(keeper, name), snapshots, initPid };
  }

  /** Until nothing is under way any more, which is told if it does not come. */
  async settle(): Promise<void> {
    let left: readonly string[] = [];
    const look = async (): Promise<boolean> => {
      const jobs: string[] = [];
      for (const world of this.both)
        for (const { domain, kind, state } of await world.client.jobs.list())
          if (state === 'running') jobs.push(`${kind} of ${domain}`);
      left = [...jobs, ...this.both.flatMap(partsIn)];
      return left.length === 0;
    };
    await waitFor('nothing to be under way', look, 60_000).catch((error: unknown) =>
      assert.fail(`${String(error)}: ${left.join(', ')}`),
    );
  }

  /** Nobody is held, nothing is twice, and the hosts have what these domains need and no more. */
  async assertTrue(extra: readonly string[]): Promise<void> {
    await this.settle();
    for (const name of names) await this.keeper(name);
    for (const world of this.both) {
      const domains = await world.client.domains.list();
      const unknown = domains.map(({ name }) => name).filter((name) => ![...names, ...extra].includes(name));
      assert.deepEqual(unknown, [], 'domains that nobody asked for');
      for (const { name, state } of domains) {
        if (state === 'running') await assertWrites(world, name);
        if (state === 'shutoff') await linesIn(world, name);
      }
      await assertHost(world, domains);
    }
  }

  async close(): Promise<void> {
    for (const world of this.both) {
      await world.eraseAll();
      for (const { name } of await world.client.roots.list()) await world.client.roots.erase({ root: name });
      await rm(`${world.host}/default`, { recursive: true });
    }
    for (const world of this.both) await world.close();
  }

  async abandon(): Promise<void> {
    for (const world of this.both) await world.abandon();
  }
}

/** Enough for a copy to take its time. */
const bulk =
  'mkdir /srv/many; i=0; while [ $i -lt 300 ]; do echo $i >/srv/many/$i; i=$((i+1)); done; head -c 12000000 /dev/urandom >/srv/bulk; sync';

async function useRepository(world: World): Promise<void> {
  const text = `backup_repositories = ["default ${world.host}/default ${world.host}/password"]\n`;
  writeFileSync(`${world.root}/etc/ctvirtd.conf`, text);
  await world.stop();
  await world.start();
  await world.ctvirt('backup', 'init');
  lightenKey(`${world.host}/default`, `${world.host}/password`);
}

export const rootOf = (world: World, name: string): string => `${world.root}/lib/roots/${name}`;

async function initOf(world: World, name: string): Promise<number> {
  return (await world.client.domains.info({ domain: name })).initPid ?? assert.fail(`${name} has no init`);
}

/** How much it wrote, whatever it does now. */
export async function linesIn(world: World, name: string): Promise<number> {
  const { state } = await world.client.domains.summary({ domain: name });
  const log =
    state === 'shutoff' ? await logAtRest(rootOf(world, name)) : logInside(await initOf(world, name));
  return linesOf(log, `${name} (${state})`);
}

async function assertWrites(world: World, name: string): Promise<void> {
  await assertWritesInside(await initOf(world, name), name);
}

/** Needs no daemon. */
export async function assertWritesInside(initPid: number, name: string): Promise<void> {
  // At first it may not have begun.
  const written = (): number => (existsSync(`/proc/${initPid}/root/srv/log`) ? logInside(initPid).length : 0);
  const before = written();
  for (const end = performance.now() + WRITE_MS; written() <= before; await sleep(20))
    assert.ok(performance.now() < end, `'${name}' has not written for ${WRITE_MS} ms`);
}

/** What is half-made below a world's folders. */
function partsIn(world: World): string[] {
  const folders = [`${world.root}/lib/roots`, `${world.root}/lib/domains`];
  const top = folders.flatMap((folder) => pathsIn(folder));
  const below = top.flatMap(pathsIn);
  const snapshots = below.filter((path) => path.endsWith('/snapshots')).flatMap(pathsIn);
  // What was given away is kept with the word of it.
  return [...top, ...below, ...snapshots].filter(
    (path) => part.test(path) && !/~\d+\/moving\.json$/.test(path),
  );
}

function pathsIn(folder: string): string[] {
  try {
    return readdirSync(folder).map((name) => `${folder}/${name}`);
  } catch {
    return []; // no folder, or gone meanwhile
  }
}

async function assertHost(
  world: World,
  domains: readonly { readonly name: string; readonly state: string }[],
): Promise<void> {
  const { stray, owned } = await world.client.check.list();
  assert.deepEqual(stray, [], "strays by the daemon's own account");
  const ranges = owned.filter(({ kind }) => kind === 'id-range');
  assert.equal(new Set(ranges.map(({ what }) => what)).size, ranges.length, 'a range of ids is leased twice');
  assert.deepEqual(
    ranges.map(({ owner }) => owner).sort(),
    domains.map(({ name }) => name).sort(),
    'id ranges',
  );
  const running = domains.filter(({ state }) => state !== 'shutoff').map(({ name }) => name);
  const wanted = {
    loops: running.filter((name) => existsSync(`${rootOf(world, name)}/root.img`)).length,
    mounts: [],
    groups: running.sort(),
    processes: [],
  };
  let found: unknown;
  const look = async (): Promise<boolean> => {
    const { loops, mounts, cgroups, processes } = await inventory(world.root, world.enclosure);
    const groups = cgroups.flatMap((folder) => /lxc\.payload\.([^/]+)$/.exec(folder)?.[1] ?? []);
    found = {
      loops: loops.filter((loop) => loop.includes(`${world.root}/lib/`)).length,
      mounts: mounts.filter((mount) => mount.startsWith(`${world.root}/`)),
      groups: [...new Set(groups)].sort(),
      processes: processes.filter((line) => isStray(line, world)),
    };
    return JSON.stringify(found) === JSON.stringify(wanted);
  };
  await waitFor('the host to have no more than it needs', look).catch(() =>
    assert.deepEqual(found, wanted, 'on the host'),
  );
  assert.deepEqual(readdirSync(`${world.root}/run/mnt`), [], 'run/mnt');
}

/** Neither the daemon nor what always runs beside it, nor a domain's. */
function isStray(line: string, world: World): boolean {
  const [pid = '', ...words] = line.split(' ');
  if (Number(pid) === world.daemonPid || words.join('') === '') return false;
  if (/^\[lxc monitor\]|\/bin\/cat$|\/lxcfs --foreground/.test(words.join(' '))) return false;
  try {
    return !readFileSync(`/proc/${pid}/cgroup`, 'utf8').includes('/lxc.payload.');
  } catch {
    return false; // ended meanwhile
  }
}

/** Whether an archive is whole: its last member says so. */
export async function isWholeArchive(path: string): Promise<boolean> {
  const listed = await output(['/bin/tar', '--zstd', '-tf', path]).catch(() => '');
  return listed.trimEnd().endsWith('\n./END');
}
