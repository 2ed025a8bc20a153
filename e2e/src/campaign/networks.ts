// Kills of the daemon amid the lives of networks and of domains on them: nothing without an owner, and what runs goes on.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError, type DomainSummary, type NetworkSummary } from '@ctvirt/api';
import { Chance } from '../world/chance.js';
import { domainXml } from '../world/documents.js';
import { inventory } from '../world/inventory.js';
import { HostNetworks } from '../world/network-inventory.js';
import { assertUnchanged } from '../world/wait.js';
import { World } from '../world/world.js';
import { type Part, textOfFault } from './part.js';

type Condition = 'gone' | 'off' | 'running';
interface Step {
  readonly title: string;
  readonly leads: Condition;
  readonly run: () => Promise<unknown>;
}

const witness = 'witness';
/** Each with a domain on it; subnets are those of none of the host's. */
const subjects = ['a', 'b', 'c'];
/** A bridge that goes while a domain is being started on it is one that the host has not. */
const refusals: readonly string[] = ['wrong-state', 'not-found', 'in-use', 'busy', 'host-command'];
const wanted = ['network define', 'network start', 'network stop', 'network undefine', 'start', 'destroy'];

const networkXml = (name: string, at: number): string =>
  `<network><name>${name}</name><forward mode='nat'/><ip address='10.71.${at}.1' prefix='24'><dhcp><range start='10.71.${at}.10' end='10.71.${at}.99'/></dhcp></ip></network>`;
const memberXml = (network: string): string =>
  domainXml({
    name: `on-${network}`,
    interfaces: [`<interface type='network'><source network='${network}'/></interface>`],
  });

const networkCondition = (all: readonly NetworkSummary[], name: string): Condition =>
  conditionOf(all.find((one) => one.name === name)?.active);
const domainCondition = (all: readonly DomainSummary[], network: string): Condition => {
  const domain = all.find(({ name }) => name === `on-${network}`);
  return conditionOf(domain && domain.state === 'running');
};
const conditionOf = (isRunning: boolean | undefined): Condition =>
  isRunning === undefined ? 'gone' : isRunning ? 'running' : 'off';

/** `count` kills. */
export const networks: Part = {
  what: 'kill -9 of the daemon amid define, start, stop, undefine of networks, and of starts and ends of domains on them',
  long: { count: 200, minutes: 0 },
  short: { count: 12, minutes: 0 },
  run: async ({ count, seed, note }) => {
    const trial = await NetworkTrial.open(seed);
    const faults: string[] = [];
    let done = 0;
    try {
      for (; done < count; note(`${++done} kills`)) await trial.killAmidWork();
      await trial.close();
    } catch (error) {
      faults.push(`seed ${seed}, kill ${done}: ${textOfFault(error)}\n${trial.world.log.slice(-3000)}`);
      await trial.world.abandon();
    }
    const missing = wanted.filter((title) => !trial.interrupted.has(title));
    // A few kills do not meet everything.
    if (done >= 200 && missing.length > 0) faults.push(`never interrupted: ${missing.join(', ')}`);
    const counts = [...trial.interrupted].sort(([a], [b]) => (a < b ? -1 : 1));
    return {
      done: `${done} kills`,
      figures: `interrupted: ${counts.map(([title, times]) => `${title} ${times}`).join(', ') || 'nothing'}; ${trial.pings} pings answered`,
      faults,
    };
  },
};

class NetworkTrial {
  /** How often an operation had no answer because of a kill, by its title. */
  readonly interrupted = new Map<string, number>();
  pings = 0;
  readonly #chance: Chance;
  /** What may be true of each network, and of each domain by the name of its network. */
  readonly #networks = new Map<string, readonly Condition[]>(subjects.map((name) => [name, ['gone']]));
  readonly #domains = new Map<string, readonly Condition[]>(subjects.map((name) => [name, ['gone']]));
  #reachMs = 100;
  #initPid = 0;

  private constructor(
    readonly world: World,
    seed: number,
  ) {
    this.#chance = new Chance(seed);
  }

  static async open(seed: number): Promise<NetworkTrial> {
    const world = await World.open();
    const trial = new NetworkTrial(world, seed);
    try {
      await world.client.networks.define({ body: networkXml(witness, 100) });
      await world.client.networks.start({ network: witness });
      await world.run(memberXml(witness));
      trial.#initPid = (await world.client.domains.info({ domain: `on-${witness}` })).initPid ?? 0;
      return trial;
    } catch (error) {
      await world.abandon();
      throw error;
    }
  }

  async killAmidWork(): Promise<void> {
    const { world } = this;
    const work = subjects.flatMap((name, at) => [
      this.#begin(this.#networks, name, this.#networkSteps(name, at)),
      this.#begin(this.#domains, name, this.#domainSteps(name)),
    ]);
    const all = Promise.all(work);
    all.catch(() => undefined); // told below
    await sleep(this.#chance.next() * this.#reachMs);
    await world.kill();
    const done = (await all).filter((isDone) => isDone).length;
    // So that kills fall before, into and after the work.
    if (done * 3 < work.length) this.#reachMs = Math.min(3000, this.#reachMs * 1.2);
    if (done * 3 > work.length * 2) this.#reachMs = Math.max(30, this.#reachMs / 1.2);
    if (this.#chance.isOnceIn(7)) {
      world.launch();
      await sleep(this.#chance.next() * 600);
      await world.kill();
    }
    await world.start();
    await this.#assertTrue();
  }

  /** Returns whether it was answered. What is refused leaves everything as it was. */
  async #begin(
    beliefs: Map<string, readonly Condition[]>,
    name: string,
    stepsFrom: Readonly<Record<Condition, readonly Step[]>>,
  ): Promise<boolean> {
    const [from = 'gone'] = beliefs.get(name) ?? [];
    const step = this.#chance.pick(stepsFrom[from]);
    beliefs.set(name, [from, step.leads]);
    try {
      await step.run();
      beliefs.set(name, [step.leads]);
      return true;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.code !== 'unreachable') {
        assert.ok(refusals.includes(error.code), `${step.title} ${name}: ${error.code}: ${error.message}`);
        beliefs.set(name, [from]);
        return true;
      }
      this.interrupted.set(step.title, (this.interrupted.get(step.title) ?? 0) + 1);
      return false;
    }
  }

  #networkSteps(network: string, at: number): Readonly<Record<Condition, readonly Step[]>> {
    const { networks: client } = this.world.client;
    const define = (leads: Condition): Step => ({
      title: 'network define',
      leads,
      run: () => client.define({ body: networkXml(network, at) }),
    });
    const start: Step = { title: 'network start', leads: 'running', run: () => client.start({ network }) };
    return {
      gone: [define('off')],
      off: [
        start,
        start,
        define('off'),
        { title: 'network undefine', leads: 'gone', run: () => client.undefine({ network }) },
      ],
      running: [
        { title: 'network stop', leads: 'off', run: () => client.stop({ network }) },
        define('running'),
      ],
    };
  }

  #domainSteps(network: string): Readonly<Record<Condition, readonly Step[]>> {
    const { domains: client } = this.world.client;
    const domain = `on-${network}`;
    const define = (leads: Condition): Step => ({
      title: 'define',
      leads,
      run: () => client.define({ body: memberXml(network) }),
    });
    const start: Step = { title: 'start', leads: 'running', run: () => client.start({ domain }) };
    return {
      gone: [define('off')],
      off: [
        start,
        start,
        start,
        { title: 'undefine', leads: 'gone', run: () => client.undefine({ domain, storage: true }) },
      ],
      running: [{ title: 'destroy', leads: 'off', run: () => client.destroy({ domain }) }],
    };
  }

  /** The daemon's word, the host's bridges, processes, rules and files, and what was acknowledged agree. */
  async #assertTrue(): Promise<void> {
    const { client } = this.world;
    // What was begun before the kill is finished by the next daemon in its own time.
    await assertUnchanged([], async () => await this.#faults());
    const [nets, doms] = [await client.networks.list(), await client.domains.list()];
    for (const name of subjects) {
      this.#networks.set(name, [networkCondition(nets, name)]);
      this.#domains.set(name, [domainCondition(doms, name)]);
    }
    const { initPid } = await client.domains.info({ domain: `on-${witness}` });
    assert.equal(initPid, this.#initPid, 'the witness was touched');
  }

  async #faults(): Promise<string[]> {
    const { client } = this.world;
    const nets = await client.networks.list();
    const doms = await client.domains.list();
    const { stray } = await client.check.list();
    const faults = stray.map(({ kind, what }) => `stray by the daemon's own account: ${kind} ${what}`);
    for (const name of subjects) {
      const now = networkCondition(nets, name);
      const may = this.#networks.get(name) ?? [];
      if (!may.includes(now)) faults.push(`network ${name} is ${now}, not ${may.join(' or ')}`);
      const state = domainCondition(doms, name);
      const can = this.#domains.get(name) ?? [];
      if (!can.includes(state)) faults.push(`domain on-${name} is ${state}, not ${can.join(' or ')}`);
    }
    const host = await HostNetworks.of(this.world);
    faults.push(...host.faults(nets, doms));
    for (const { name, state, addresses } of doms) {
      const isOn = nets.some((network) => network.active && name === `on-${network.name}`);
      if (state !== 'running' || !isOn) continue;
      const [address = 'none'] = addresses;
      const { status } = await this.world.enclosure.run(['busybox', 'ping', '-c1', '-W2', address]);
      if (status === 0) this.pings++;
      else faults.push(`${name} does not answer at ${address}`);
    }
    return faults;
  }

  /** Takes everything away, and asserts that nothing of it is left. */
  async close(): Promise<void> {
    await this.world.eraseAll();
    await this.world.eraseNetworks();
    const { tables } = await inventory(this.world.root, this.world.enclosure);
    assert.deepEqual(
      tables.filter((table) => table.endsWith('-net')),
      [],
      'rules of networks',
    );
    await this.world.close();
  }
}
