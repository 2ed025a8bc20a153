// Domains that are worked on at random, and what is known of each; the daemon and the host are held against it.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { Chance } from './chance.js';
import { output } from './command.js';
import { domainXml } from './documents.js';
import { cgroupName, cgroupsOf, type Inventory, inventory } from './inventory.js';
import { type Condition, keptAs, linkOf, names, type Step, stepsFrom, subjects } from './trial-steps.js';
import { waitFor } from './wait.js';
import { busybox, World } from './world.js';

/** Nothing is asked of these: they run, untouched, from the first kill to the last. */
const witnesses = [
  { name: 'witness-1', address: '192.168.9.11' },
  { name: 'witness-2', address: '192.168.9.12' },
];

/** What may be true of a domain, given what was asked and what was answered. */
export interface Belief {
  readonly conditions: readonly Condition[];
  /** Each definition has a title of its own. */
  readonly titles: readonly string[];
  /** Limits of processes that a running one may have, if it was ever given one. */
  readonly processes: readonly number[];
}

/** A template that comes and goes beside the domains. */
const spare = 'spare';

export interface Work {
  readonly name: string;
  readonly step: Step;
  readonly belief: Belief;
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
  #rules = '';

  private constructor(
    readonly world: World,
    seed: number,
  ) {
    this.chance = new Chance(seed);
    for (const name of names) this.#conditions.set(name, 'gone');
  }

  static async open(seed: number): Promise<Trial> {
    const trial = new Trial(await World.open(), seed);
    try {
      await trial.#begin();
    } catch (error) {
      await trial.world.abandon();
      throw error;
    }
    return trial;
  }

  async #begin(): Promise<void> {
    this.#rules = await this.#lookAtRules();
    for (const { name, address } of witnesses)
      await this.world.run(domainXml({ name, interfaces: [linkOf(address)] }));
    this.#witnesses = await this.#lookAtWitnesses();
    await output(['/bin/tar', '--create', '--file', this.#archive, '--directory', this.#template, '.']);
  }

  get #archive(): string {
    return `${this.world.host}/spare.tar`;
  }

  get #template(): string {
    return `${this.world.root}/lib/templates/${busybox}/rootfs`;
  }

  /** One step for each domain and for a template, and what may be true of it from now on. */
  plan(): Work[] {
    const { templates } = this.world.client;
    const work = names.map((name) => {
      const from = this.#conditions.get(name) ?? 'gone';
      const number = ++this.#generation;
      const title = `generation ${number}`;
      const isLimited = (subjects[name]?.loops ?? 0) > 0;
      const step = this.chance.pick(stepsFrom(this.world.client, from, { title, number, isLimited }));
      const before = this.#beliefs.get(name) ?? { titles: [], processes: [] };
      const belief = {
        conditions: [from, step.leads],
        titles: step.title === 'define' ? [...before.titles, title] : before.titles,
        // What it had before is not known until a change was acknowledged.
        processes:
          step.processes === undefined || before.processes.length === 0
            ? before.processes
            : [...before.processes, step.processes],
      };
      this.believe(name, belief);
      return { name, step, belief };
    });
    if (this.chance.isOnceIn(2)) return work;
    const from = this.#conditions.get(spare) ?? 'gone';
    const step: Step =
      from === 'gone'
        ? {
            title: 'import',
            leads: 'kept',
            run: () => templates.import({ template: spare, body: { source: this.#archive } }),
          }
        : { title: 'remove', leads: 'gone', run: () => templates.remove({ template: spare }) };
    const belief = { conditions: [from, step.leads], titles: [], processes: [] };
    this.believe(spare, belief);
    return [...work, { name: spare, step, belief }];
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

  /** Ends one that runs, if there is one, as its own init might; returns its name. */
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
    const held = owned.filter(({ kind }) => kind === 'id-range');
    const ranges = held.map(({ what }) => what);
    assert.equal(new Set(ranges).size, ranges.length, ranges.join());
    // Files that are kept have the container's own ids, and hold no range.
    assert.deepEqual(
      held.map(({ owner }) => owner).sort(),
      this.#namesThatAre('off', 'running').sort(),
      'id ranges',
    );
    await this.#assertTemplate();
    await this.#assertHost();
  }

  async #assertTemplate(): Promise<void> {
    if (!this.#beliefs.has(spare)) return;
    const found = (await this.world.client.templates.list()).some(({ name }) => name === spare);
    const condition: Condition = found ? 'kept' : 'gone';
    const { conditions } = this.belief(spare);
    assert.ok(
      conditions.includes(condition),
      `template ${spare} is ${condition}, not ${conditions.join(' or ')}`,
    );
    this.#conditions.set(spare, condition);
    this.believe(spare, { conditions: [condition], titles: [], processes: [] });
  }

  /** Erases everything, kept files too, and asserts that nothing of it is left. */
  async clear(): Promise<void> {
    for (const name of names)
      if (this.#conditions.get(name) === 'kept') await this.world.client.roots.erase({ root: keptAs(name) });
    if (this.#conditions.get(spare) === 'kept') await this.world.client.templates.remove({ template: spare });
    await this.world.clear();
    assert.equal(await this.#lookAtRules(), this.#rules, 'rules of the packet filter');
  }

  async #assertBelief(name: string): Promise<void> {
    const { domains } = this.world.client;
    const found = (await domains.list()).find((one) => one.name === name);
    const hasFiles = readdirSync(`${this.world.root}/lib/roots`).includes(keptAs(name));
    const condition: Condition =
      found === undefined ? (hasFiles ? 'kept' : 'gone') : found.state === 'shutoff' ? 'off' : 'running';
    const { conditions, titles } = this.belief(name);
    assert.ok(conditions.includes(condition), `${name} is ${condition}, not ${conditions.join(' or ')}`);
    this.#conditions.set(name, condition);
    if (found === undefined) {
      this.#crashed.delete(name);
      this.believe(name, { conditions: [condition], titles: [], processes: [] });
      return;
    }
    const { reason } = found;
    const title = titleIn(await domains.xml({ domain: name, inactive: true }));
    assert.ok(titles.includes(title), `${name} is ${title}, not ${titles.join(' or ')}`);
    // A list tells that of the run, which a definition made meanwhile leaves as it was.
    const shown = condition === 'off' ? title : titleIn(await domains.xml({ domain: name }));
    assert.equal(found.title, shown, `${name} is listed as another`);
    if (condition === 'off' && reason === 'crashed')
      assert.ok(this.#crashed.has(name), `${name} did not crash`);
    this.believe(name, {
      conditions: [condition],
      titles: [title],
      processes: this.#assertProcesses(name, condition),
    });
  }

  /** The group holds one of the limits that may be true; which it is is known from then on, while it runs. */
  #assertProcesses(name: string, condition: Condition): readonly number[] {
    const { processes } = this.belief(name);
    if (condition !== 'running' || processes.length === 0) return [];
    const limit = Number(readFileSync(`${groupOf(this.world.root, name)}/pids.max`, 'utf8'));
    assert.ok(
      processes.includes(limit),
      `${name} may have ${limit} processes, not ${processes.join(' or ')}`,
    );
    return [limit];
  }

  async #assertHost(): Promise<void> {
    const { root } = this.world;
    const running = this.#namesThatAre('running');
    const loops = running.reduce((sum, name) => sum + (subjects[name]?.loops ?? 0), 0);
    const links = running.reduce((sum, name) => sum + (subjects[name]?.interfaces.length ?? 1), 0);
    const host = await this.#settledHost(loops, links);
    assert.deepEqual(host.mounts, []);
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
      'lib/roots': [
        ...this.#namesThatAre('off', 'running'),
        ...this.#namesThatAre('kept').map(keptAs),
      ].sort(),
      'lib/templates': this.#conditions.get(spare) === 'kept' ? [busybox, spare] : [busybox],
      'run/domains': running,
      'run/mnt': [],
    };
    for (const [folder, wanted] of Object.entries(folders))
      assert.deepEqual(readdirSync(`${root}/${folder}`).sort(), wanted, folder);
    const begun = (): string[] =>
      readdirSync(`${root}/lib`, { recursive: true, encoding: 'utf8' }).filter((path) =>
        /(^|\/)\.(new|gone|layer|partial)-|\.new$/.test(path),
      );
    // What the daemon that runs writes just now is soon whole.
    await waitFor('files to be whole', async () => begun().length === 0).catch(() => undefined);
    assert.deepEqual(begun(), [], 'half-made files');
  }

  /** The kernel takes links and loop devices away after the last process, in its own time. */
  async #settledHost(loops: number, links: number): Promise<Inventory> {
    let host = await inventory(this.world.root, this.world.enclosure);
    const isSettled = () => host.loops.length <= loops && host.links.length - 1 <= links;
    const look = async () => (host = await inventory(this.world.root, this.world.enclosure));
    if (!isSettled())
      await waitFor('links and loop devices to go', async () => (await look()) && isSettled()).catch(
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

  /** Of the packet filter, without its counters; none where it is not installed. */
  /** Those of others: the daemon's own tables stay as long as it does, and are counted when the world is taken down. */
  async #lookAtRules(): Promise<string> {
    if (!existsSync('/usr/sbin/nft')) return '';
    const rules = await this.world.enclosure.output('nft', '--stateless', 'list', 'ruleset');
    return rules.replaceAll(
      new RegExp(`^table \\w+ ${cgroupName(this.world.root)} \\{\\n(?:\\t.*\\n|\\n)*\\}\\n?`, 'gm'),
      '',
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
}

function groupOf(root: string, name: string): string {
  const isIts = (folder: string): boolean =>
    folder.endsWith(`/lxc.payload.${name}`) && existsSync(`${folder}/pids.max`);
  return cgroupsOf(root).find(isIts) ?? assert.fail(`no group of ${name} counts processes`);
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

const titleIn = (xml: string): string => /<title>(.*)<\/title>/.exec(xml)?.[1] ?? '';
