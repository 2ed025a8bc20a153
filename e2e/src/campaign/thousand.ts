// A thousand containers at once: each start as fast as the first, everything told in time, and all of them down in order.
// SPDX-License-Identifier: Apache-2.0
import { domainXml, templateRoot } from '../world/documents.js';
import { linkOf } from '../world/trial-steps.js';
import type { World } from '../world/world.js';
import { type Found, inWorld, type Order, type Part } from './part.js';

/** Asked to power off it does nothing: the worst that a shutdown of the host meets. */
const stubborn = ['/bin/sh', '-c', 'trap "" USR2 PWR; while :; do sleep 300 & wait; done'];
const timeoutSeconds = 5;
/** Side by side, as after a boot. */
const lanes = 4;

/** In ms for `count` of them. */
const reach = {
  ratio: 1.5,
  listMs: 2000,
  reportMs: 3000,
  scrapeMs: 3000,
  shutdownMs: (timeoutSeconds + 30) * 1000,
};

export const thousand: Part = {
  what: 'containers running at once, each with an address, limits, walls and an init that does not obey',
  long: { count: 1000, minutes: 0 },
  short: { count: 16, minutes: 0 },
  run: async (order) => await inWorld((world) => run(world, order)),
};

const documentOf = (at: number): string =>
  domainXml({
    name: `many-${at}`,
    program: stubborn,
    filesystems: [templateRoot],
    interfaces: [linkOf(`192.168.${10 + Math.floor(at / 250)}.${1 + (at % 250)}`)],
    more: "<memory unit='MiB'>64</memory><vcpu>1</vcpu>",
  });

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

/** What an exporter asks for. */
async function scrape(world: World): Promise<number> {
  const { connect } = await import(new URL('../../../packages/rpc/dist/index.js', import.meta.url).href);
  const connection = (await connect(world.uri('ctvirt'))) as {
    getAllDomainStats(args: object): Promise<unknown>;
    close(): Promise<void>;
  };
  try {
    return await timed(() => connection.getAllDomainStats({ doms: [], stats: 0, flags: 0 }));
  } finally {
    await connection.close();
  }
}

async function run(world: World, { count, note }: Order): Promise<Found> {
  const starts: number[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let at = next++; at < count; at = next++) {
      starts.push(await timed(() => world.run(documentOf(at))));
      if (starts.length % 50 === 0) note(`${starts.length} run`);
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  const part = Math.min(100, Math.floor(count / 4));
  const [first, last] = [median(starts.slice(0, part)), median(starts.slice(-part))];
  const listMs = await timed(() => world.client.domains.list());
  const reportMs = await timed(() => world.client.beancounters.list());
  const scrapeMs = await scrape(world);
  const wanted = (await world.client.domains.list()).filter(({ state }) => state === 'running').length;
  const words = ['shutdown', '--all', '--timeout', String(timeoutSeconds), '--destroy'];
  let status = -1;
  const shutdownMs = await timed(async () => {
    status = (await world.cli(words, { timeoutMs: 3_600_000 })).status;
  });
  const faults = [
    ...(wanted === count ? [] : [`${wanted} of ${count} run`]),
    ...(status === 0 ? [] : [`ctvirt ${words.join(' ')} ended with status ${status}`]),
    // A few starts on a busy machine say nothing of a trend.
    ...(part < 100 || last <= first * reach.ratio
      ? []
      : [`the last ${part} starts took ${ratio(last, first)} x the first`]),
    ...over('list', listMs, reach.listMs),
    ...over('report', reportMs, reach.reportMs),
    ...over('scrape', scrapeMs, reach.scrapeMs),
    ...over('shutdown', shutdownMs, reach.shutdownMs),
  ];
  const figures = [
    `start ${Math.round(first)} ms at first, ${Math.round(last)} ms at last (${ratio(last, first)})`,
    `list ${Math.round(listMs)} ms, report ${Math.round(reportMs)} ms, scrape ${Math.round(scrapeMs)} ms`,
    `shutdown of all ${(shutdownMs / 1000).toFixed(1)} s`,
  ];
  return { done: `${count} at once`, figures: figures.join('; '), faults };
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
const ratio = (last: number, first: number): string => (last / Math.max(first, 1)).toFixed(2);
const over = (what: string, ms: number, most: number): string[] =>
  ms <= most ? [] : [`${what} took ${Math.round(ms)} ms, ${most} ms are allowed`];
