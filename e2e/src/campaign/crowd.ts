// A crowd of clients of both doors on many domains: every answer true, every state right in the end, nobody starved.
// SPDX-License-Identifier: Apache-2.0
import { ApiError } from '@ctvirt/api';
import { type ApiClient, createClient } from '@ctvirt/api/node';
import { Chance } from '../world/chance.js';
import { domainXml } from '../world/documents.js';
import type { World } from '../world/world.js';
import { type Event, faultIn, type State, type Verb } from './linear.js';
import { type Found, inWorld, type Order, type Part, textOfFault } from './part.js';

const clients = 64;
const patienceMs = 30_000;
/** Every second call goes to one of these: without contention nothing is tried. */
const crowded = 16;
const verbs: readonly Verb[] = ['start', 'destroy', 'suspend', 'resume', 'state', 'state', 'state', 'start'];

/** `count` domains for `minutes`. */
export const crowd: Part = {
  what: `${clients} clients, half over libvirt's protocol, half over HTTP: start, destroy, suspend, resume, state at random`,
  long: { count: 1000, minutes: 10 },
  short: { count: 20, minutes: 0.12 },
  run: async (order) => await inWorld((world) => run(world, order)),
};

type Ask = (verb: Verb, domain: string) => Promise<string>;

async function run(world: World, { count, minutes, seed, note }: Order): Promise<Found> {
  const names = Array.from({ length: count }, (_, at) => `crowd-${at}`);
  for (const name of names) await world.define(domainXml({ name }));
  const events = new Map<string, Event[]>(names.map((name) => [name, []]));
  const asks = await Promise.all(
    Array.from({ length: clients }, (_, at) => (at % 2 === 0 ? overHttp(world) : overRpc(world))),
  );
  const faults: string[] = [];
  const waits: number[][] = asks.map(() => []);
  const until = performance.now() + minutes * 60_000;
  let calls = 0;
  const live = async ({ ask, isLibvirt }: Door, client: number): Promise<void> => {
    const chance = new Chance(seed + client);
    while (performance.now() < until && faults.length === 0) {
      const name = chance.pick(chance.isOnceIn(2) ? names.slice(0, crowded) : names);
      const verb = chance.pick(verbs);
      const called = performance.now();
      try {
        const answer = await ask(verb, name);
        const answered = performance.now();
        waits[client]?.push(answered - called);
        // Busy says that another is under way, and nothing of the state.
        if (answer !== 'busy') events.get(name)?.push({ verb, answer, called, answered, client, isLibvirt });
        if (++calls % 500 === 0) note(`${calls} calls`);
      } catch (error) {
        faults.push(`client ${client}, ${verb} ${name}: ${textOfFault(error)}`);
      }
    }
  };
  await Promise.all(asks.map(live));
  await Promise.all(asks.map(({ close }) => close()));
  const final = new Map((await world.client.domains.list()).map(({ name, state }) => [name, state]));
  for (const [name, list] of events) {
    const fault = faultIn(list, 'shutoff', final.get(name) as State | undefined);
    if (fault !== undefined) faults.push(`${name}: ${fault}`);
  }
  faults.push(...starved(waits));
  return {
    done: `${calls} calls on ${count} domains in ${minutes} minutes`,
    figures: figuresOf(waits),
    faults,
  };
}

interface Door {
  readonly isLibvirt: boolean;
  readonly ask: Ask;
  readonly close: () => Promise<void>;
}

async function overHttp(world: World): Promise<Door> {
  const client: ApiClient = createClient({ socketPath: world.socket });
  const ask: Ask = async (verb, domain) => {
    try {
      if (verb === 'state') return (await client.domains.summary({ domain })).state;
      await client.domains[verb]({ domain });
      return 'done';
    } catch (error) {
      if (error instanceof ApiError && (error.code === 'wrong-state' || error.code === 'busy'))
        return error.code;
      throw error;
    }
  };
  return { ask, isLibvirt: false, close: async () => client.close() };
}

/** The part of libvirt's client that is used here. */
interface RpcDomain {
  create(): Promise<unknown>;
  destroy(): Promise<unknown>;
  suspend(): Promise<unknown>;
  resume(): Promise<unknown>;
  getState(args: { flags: number }): Promise<{ state: number }>;
}
interface RpcConnection {
  close(): Promise<void>;
  domainLookupByName(args: { name: string }): Promise<RpcDomain>;
}

const states: Readonly<Record<number, State>> = { 1: 'running', 3: 'paused', 5: 'shutoff' };
/** libvirt's numbers: the operation is not valid in this state; a resource is busy. */
const refusals: Readonly<Record<number, string>> = { 55: 'wrong-state', 87: 'busy' };

async function overRpc(world: World): Promise<Door> {
  const { connect } = await import(new URL('../../../packages/rpc/dist/index.js', import.meta.url).href);
  const connection = (await connect(world.uri('ctvirt'))) as RpcConnection;
  const known = new Map<string, Promise<RpcDomain>>();
  const ask: Ask = async (verb, name) => {
    if (!known.has(name)) known.set(name, connection.domainLookupByName({ name }));
    const domain = await known.get(name);
    if (domain === undefined) throw new Error(`no domain ${name}`);
    try {
      if (verb === 'state') return states[(await domain.getState({ flags: 0 })).state] ?? 'unknown';
      await domain[verb === 'start' ? 'create' : verb]();
      return 'done';
    } catch (error) {
      const code = (error as { details?: { code?: number } }).details?.code ?? 0;
      const refusal = refusals[code];
      if (refusal === undefined) throw error;
      return refusal;
    }
  };
  return { ask, isLibvirt: true, close: () => connection.close() };
}

const longest = (waits: readonly number[]): number => waits.reduce((most, wait) => Math.max(most, wait), 0);

function starved(waits: readonly (readonly number[])[]): string[] {
  const counts = waits.map(({ length }) => length);
  const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  return waits.flatMap((own, client) => {
    if (longest(own) > patienceMs) return [`client ${client} waited ${Math.round(longest(own))} ms`];
    return mean >= 50 && own.length < mean / 3
      ? [`client ${client} had ${own.length} answers, the mean is ${mean}`]
      : [];
  });
}

function figuresOf(waits: readonly (readonly number[])[]): string {
  const all = waits.flat().sort((a, b) => a - b);
  const at = (share: number): number => Math.round(all[Math.floor((all.length - 1) * share)] ?? 0);
  const counts = waits.map(({ length }) => length);
  return `answer: median ${at(0.5)} ms, 99 of 100 ${at(0.99)} ms, longest ${at(1)} ms; answers for each client ${Math.min(...counts)} to ${Math.max(...counts)}`;
}
