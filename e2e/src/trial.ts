// Domains that are worked on at random, and what is known of each; the daemon and the host are held against it.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { Chance } from './chance.js';
import { domainXml, templateRoot } from './documents.js';
import { type Inventory, inventory } from './inventory.js';
import { waitFor } from './wait.js';
import { busybox, World } from './world.js';

/** An init that ends well when it is asked to, at once. */
const obedient = ['/bin/sh', '-c', 'trap "exit 0" PWR; sleep infinity & wait'];
const limited = templateRoot.replace(
  '</filesystem>',
  "<space_hard_limit unit='M'>16</space_hard_limit><quota type='inodes' max='500'/></filesystem>",
);
const link = (address: string) => `<interface type='ethernet'><ip address='${address}'/></interface>`;

interface Subject {
  readonly type: string;
  readonly filesystems: readonly string[];
  readonly interfaces: readonly string[];
  /** Loop devices it has while it runs. */
  readonly loops: number;
}

const subjects: Readonly<Record<string, Subject>> = {
  plain: { type: 'lxc', filesystems: [templateRoot], interfaces: [], loops: 0 },
  limited: { type: 'lxc', filesystems: [limited], interfaces: [], loops: 1 },
  linked: { type: 'lxc', filesystems: [templateRoot], interfaces: [link('192.168.9.3')], loops: 0 },
  '107': { type: 'openvz', filesystems: [limited], interfaces: [link('192.168.9.4')], loops: 1 },
};
const names = Object.keys(subjects);
const subject = (name: string): Subject => subjects[name] ?? assert.fail(name);
/** Nothing is asked of these: they run, untouched, from the first kill to the last. */
const witnesses = [
  { name: 'witness-1', address: '192.168.9.11' },
  { name: 'witness-2', address: '192.168.9.12' },
];

/** `kept`: the definition is gone, the files are not. */
type Condition = 'gone' | 'kept' | 'off' | 'running';

/** What may be true of a domain, given what was asked and what was answered. */
export interface Belief {
  readonly conditions: readonly Condition[];
  /** Each definition has a title of its own. */
  readonly titles: readonly string[];
}

export interface Step {
  readonly title: string;
  readonly leads: Condition;
  readonly run: (name: string) => Promise<unknown>;
}

interface Witness {
  readonly name: string;
  readonly pid: number;
  readonly startedAt: string;
}

export class Trial {
  readonly chance: Chance;
  /** How often an operation had no answer because of a kill, by its title. */
  readonly interrupted = new Map<string, number>();
  /** The kills come within this time: on a busy machine the same work takes longer. */
  reachMs = 100;
  readonly #beliefs = new Map<string, Belief>();
  readonly #conditions = new Map<string, Condition>();
  /** Those that ended without being asked since they were defined: their reason may say so. */
  readonly #crashed = new Set<string>();
  #witnesses: readonly Witness[] = [];
  #generation = 0;

  private constructor(
    readonly world: World,
    seed: number,
  ) {
    this.chance = new Chance(seed);
    for (const name of names) this.#conditions.set(name, 'gone');
  }

  static async open(seed: number): Promise<Trial> {
    const trial = new Trial(await World.open(), seed);
    for (const { name, address } of witnesses)
      await trial.world.run(domainXml({ name, interfaces: [link(address)] }));
    trial.#witnesses = await trial.#lookAtWitnesses();
    return trial;
  }

  /** One step for each domain, and what may be true of it from now on. */
  plan(): { name: string; step: Step; belief: Belief }[] {
    return names.map((name) => {
      const from = this.#conditions.get(name) ?? 'gone';
      const title = `generation ${++this.#generation}`;
      const step = this.chance.pick(this.#steps(from, title));
      const before = this.#beliefs.get(name)?.titles ?? [];
      const titles = step.title === 'define' ? [...before, title] : before;
      const belief = { conditions: [from, step.leads], titles };
      this.believe(name, belief);
      return { name, step, belief };
    });
  }

  /** Lets the kills fall before, into and after the work: later if hardly any was done, sooner if nearly all was. */
  aim(done: number, all: number): void {
    if (done * 3 < all) this.reachMs = Math.min(3000, this.reachMs * 1.2);
    if (done * 3 > all * 2) this.reachMs = Math.max(30, this.reachMs / 1.2);
  }

  believe(name: string, belief: Belief): void {
    this.#beliefs.set(name, belief);
  }

  belief(name: string): Belief {
    return this.#beliefs.get(name) ?? assert.fail(name);
  }

  /** Ends one that runs, if there is one, as its own init might; answers its name. */
  endOne(): string | undefined {
    const running = [...this.#monitors()].filter(([name]) => names.includes(name));
    if (running.length === 0) return undefined;
    const [name, monitor] = this.chance.pick(running);
    const init = childOf(monitor);
    if (init === undefined) return undefined;
    process.kill(init, 'SIGKILL');
    this.#crashed.add(name);
    return name;
  }

  /** The daemon's word, the host's processes, and what was acknowledged agree, and nothing else is there. */
  async assertTrue(): Promise<void> {
    const { domains, check } = this.world.client;
    // A stop that was wanted before the kill is carried out by the next daemon in its own time.
    const runs = `${this.world.root}/run/domains`;
    const isWanted = (): boolean => readdirSync(runs).some((name) => existsSync(`${runs}/${name}/intent`));
    await waitFor('the daemon and the host to agree', async () => {
      if (isWanted()) return false;
      const running = (await domains.list()).filter(({ state }) => state !== 'shutoff');
      return isDeepStrictEqual(running.map(({ name }) => name).sort(), [...this.#monitors().keys()].sort());
    });
    assert.deepEqual(await this.#lookAtWitnesses(), this.#witnesses, 'a witness was touched');
    for (const name of names) await this.#assertBelief(name);
    const { stray, owned } = await check.list();
    assert.deepEqual(stray, [], "strays by the daemon's own account");
    const ranges = owned.filter(({ kind }) => kind === 'id-range').map(({ what }) => what);
    assert.equal(new Set(ranges).size, ranges.length, ranges.join());
    assert.equal(ranges.length, this.#namesThatAre('kept', 'off', 'running').length, 'id ranges');
    await this.#assertHost();
  }

  /** Erases everything, kept files too, and asserts that nothing of it is left. */
  async clear(): Promise<void> {
    for (const name of names)
      if (this.#conditions.get(name) === 'kept')
        await this.world.client.domains.undefine({ domain: name, storage: true });
    await this.world.clear();
  }

  async #assertBelief(name: string): Promise<void> {
    const { domains } = this.world.client;
    const found = (await domains.list()).find((one) => one.name === name);
    const hasFiles = readdirSync(`${this.world.root}/lib/roots`).includes(name);
    const condition: Condition =
      found === undefined ? (hasFiles ? 'kept' : 'gone') : found.state === 'shutoff' ? 'off' : 'running';
    const { conditions, titles } = this.belief(name);
    assert.ok(conditions.includes(condition), `${name} is ${condition}, not ${conditions.join(' or ')}`);
    this.#conditions.set(name, condition);
    if (found === undefined) {
      this.#crashed.delete(name);
      this.believe(name, { conditions: [condition], titles: [] });
      return;
    }
    const { title, reason } = found;
    assert.ok(title !== null && titles.includes(title), `${name} is ${title}, not ${titles.join(' or ')}`);
    assert.match(await domains.xml({ domain: name, inactive: true }), new RegExp(`<title>${title}</title>`));
    if (condition === 'off' && reason === 'crashed')
      assert.ok(this.#crashed.has(name), `${name} did not crash`);
    this.believe(name, { conditions: [condition], titles: [title] });
  }

  async #assertHost(): Promise<void> {
    const { root } = this.world;
    const running = this.#namesThatAre('running');
    const loops = running.reduce((sum, name) => sum + (subjects[name]?.loops ?? 0), 0);
    const links = running.reduce((sum, name) => sum + (subjects[name]?.interfaces.length ?? 1), 0);
    const host = await this.#settledHost(loops, links);
    assert.deepEqual(
      host.mounts.filter((target) => target !== `${root}/run/lxcfs`),
      [],
    );
    assert.equal(host.loops.length, loops, host.loops.join('\n'));
    assert.equal(host.links.length - 1, links, host.links.join('\n')); // and the loopback
    for (const [name, pid] of this.#monitors())
      assert.ok(
        !readFileSync(`/proc/${pid}/mountinfo`, 'utf8').includes(`${root}/run/mnt`),
        `monitor of ${name}`,
      );
    const groups = host.cgroups.flatMap((folder) => /lxc\.payload\.([^/]+)/.exec(folder)?.[1] ?? []);
    assert.deepEqual([...new Set(groups)].sort(), running, 'control groups');
    const folders = {
      'lib/domains': this.#namesThatAre('off', 'running'),
      'lib/roots': this.#namesThatAre('kept', 'off', 'running'),
      'lib/templates': [busybox],
      'run/domains': running,
      'run/mnt': [],
    };
    for (const [folder, wanted] of Object.entries(folders))
      assert.deepEqual(readdirSync(`${root}/${folder}`).sort(), wanted, folder);
    const begun = readdirSync(`${root}/lib`, { recursive: true, encoding: 'utf8' }).filter((path) =>
      /(^|\/)\.(new|gone|layer|partial)-|\.new$/.test(path),
    );
    assert.deepEqual(begun, [], 'half-made files');
  }

  /** The kernel takes links and loop devices away after the last process, in its own time. */
  async #settledHost(loops: number, links: number): Promise<Inventory> {
    let host = await inventory(this.world.root, this.world.enclosure);
    const isSettled = () => host.loops.length <= loops && host.links.length - 1 <= links;
    const look = async () => (host = await inventory(this.world.root, this.world.enclosure));
    if (!isSettled())
      await waitFor('links and loop devices to go', async () => (await look()) && isSettled(), 3000).catch(
        () => undefined,
      );
    return host;
  }

  #namesThatAre(...wanted: readonly Condition[]): string[] {
    const found = names.filter((name) => wanted.includes(this.#conditions.get(name) ?? 'gone'));
    const always = wanted.includes('running') ? witnesses.map(({ name }) => name) : [];
    return [...found, ...always].sort();
  }

  async #lookAtWitnesses(): Promise<Witness[]> {
    const { domains } = this.world.client;
    return await Promise.all(
      witnesses.map(async ({ name }) => {
        const pid = (await domains.info({ domain: name })).initPid ?? assert.fail(`${name} does not run`);
        return { name, pid, startedAt: startTimeOf(pid) };
      }),
    );
  }

  /** Pids of the monitors that run now, by domain. */
  #monitors(): Map<string, number> {
    const found = new Map<string, number>();
    for (const line of this.world.processes()) {
      const [, pid, name] = /^(\d+) \[lxc monitor\] \S+ (\S+)$/.exec(line) ?? [];
      if (pid !== undefined && name !== undefined) found.set(name, Number(pid));
    }
    return found;
  }

  #steps(from: Condition, title: string): readonly Step[] {
    const { domains } = this.world.client;
    const define = (leads: Condition): Step => ({
      title: 'define',
      leads,
      run: (name) => domains.define({ body: documentOf(name, title) }),
    });
    const erase: Step = {
      title: 'undefine',
      leads: 'gone',
      run: (domain) => domains.undefine({ domain, storage: true }),
    };
    const start: Step = { title: 'start', leads: 'running', run: (domain) => domains.start({ domain }) };
    const steps: Readonly<Record<Condition, readonly Step[]>> = {
      gone: [define('off')],
      kept: [define('off'), erase],
      off: [
        start,
        start,
        define('off'),
        erase,
        { title: 'undefine', leads: 'kept', run: (domain) => domains.undefine({ domain }) },
      ],
      running: [
        { title: 'destroy', leads: 'off', run: (domain) => domains.destroy({ domain }) },
        { title: 'shutdown', leads: 'off', run: (domain) => domains.shutdown({ domain, waitMs: 10_000 }) },
        define('running'),
      ],
    };
    return steps[from];
  }
}

function documentOf(name: string, title: string): string {
  const { type, filesystems, interfaces } = subject(name);
  const more = `<title>${title}</title>`;
  return domainXml({ name, type, program: obedient, filesystems, interfaces, more });
}

function childOf(pid: number): number | undefined {
  const [child] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ');
  return child === undefined || child === '' ? undefined : Number(child);
}

/** In clock ticks since the host's boot. */
function startTimeOf(pid: number): string {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}
