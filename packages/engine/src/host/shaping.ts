// Keeps the traffic of a link or of a whole bridge of the host within its rates.
// SPDX-License-Identifier: Apache-2.0
import { EngineError } from '../errors.js';
import { run } from './run.js';

const tc = (...args: readonly string[]) => run(['/sbin/tc', ...args]);

/** What a packet may have when the kernel hands on several as one. */
const LARGEST_PACKET = 65_536;
/** What a bucket holds and what waits for it are 32 bits to the kernel, and so is the time it takes to fill, in 64 ns. */
const LARGEST_BURST = 2 ** 31;
const LONGEST_BURST_S = 250;
const HIGHEST_RATE = 2 ** 35;
/** How long a packet may wait for its turn before it is dropped. */
const LATENCY = '50ms';

/** What may pass one way in the long run, as fast as what for a moment, and how much in that moment. */
export interface Rate {
  readonly averageBytes: number;
  readonly peakBytes: number | undefined;
  readonly burstBytes: number | undefined;
}

/** Towards a container, or the members of a network, and from there. */
export interface Rates {
  readonly inbound: Rate | undefined;
  readonly outbound: Rate | undefined;
}

/**
 * Gives a link whose other side is in or behind containers these rates, and takes away those it had; throws `unsupported` where the
 * kernel has no such means.
 */
export async function shape(dev: string, { inbound, outbound }: Rates): Promise<void> {
  await limitInbound(dev, inbound);
  await limitOutbound(dev, outbound);
}

/** Whether something has to be done at all: links are made unshaped. */
export const isShaped = ({ rates }: { readonly rates: Rates }): boolean =>
  rates.inbound !== undefined || rates.outbound !== undefined;

/** What goes to the container leaves the host by this end: it waits in a token bucket. */
async function limitInbound(dev: string, rate: Rate | undefined): Promise<void> {
  const bucket = rate && bucketOf(rate);
  if (bucket === undefined) return await remove(dev, 'root');
  const { bytesPerSecond, burst, peak } = bucket;
  const words = ['rate', rateWord(bytesPerSecond), 'burst', String(burst), 'latency', LATENCY];
  const peakWords =
    peak === undefined ? [] : ['peakrate', rateWord(peak), 'minburst', String(LARGEST_PACKET)];
  await tc('qdisc', 'replace', 'dev', dev, 'root', 'handle', '1:', 'tbf', ...words, ...peakWords).catch(
    lacking('sch_tbf'),
  );
}

/** What comes from the container cannot be made to wait here: what is too much is dropped, and its sender slows down. */
async function limitOutbound(dev: string, rate: Rate | undefined): Promise<void> {
  await remove(dev, 'ingress');
  const bucket = rate && bucketOf(rate);
  if (bucket === undefined) return;
  await tc('qdisc', 'add', 'dev', dev, 'ingress').catch(lacking('sch_ingress'));
  const { bytesPerSecond, burst } = bucket;
  const police = ['rate', rateWord(bytesPerSecond), 'burst', String(burst), 'conform-exceed', 'drop'];
  // Every packet matches 0 in 0 of its bits; this filter is the one all kernels have.
  const all = ['protocol', 'all', 'u32', 'match', 'u32', '0', '0'];
  await tc('filter', 'add', 'dev', dev, 'parent', 'ffff:', ...all, 'action', 'police', ...police)
    .catch(lacking('act_police'))
    .catch(async (error: unknown) => {
      await remove(dev, 'ingress');
      throw error;
    });
}

/** A device without one says so in other words each time: what counts is that none is left. */
async function remove(dev: string, place: 'root' | 'ingress'): Promise<void> {
  const { stdout } = await tc('qdisc', 'show', 'dev', dev, place);
  if (stdout.includes(place === 'root' ? 'qdisc tbf' : 'qdisc ingress'))
    await tc('qdisc', 'delete', 'dev', dev, place);
}

const rateWord = (bytesPerSecond: number): string => `${bytesPerSecond}bps`;

/** As the kernel has it. */
export interface Bucket {
  readonly bytesPerSecond: number;
  readonly burst: number;
  /** How fast what is in the bucket may leave it; undefined for as fast as it can. */
  readonly peak: number | undefined;
}

/**
 * A bucket that holds no packet passes none; one that is empty before the next tick of a slow kernel is too small. What cannot be
 * faster for a moment has that as its rate. Undefined for a rate that nothing reaches.
 */
export function bucketOf({ averageBytes, peakBytes = Infinity, burstBytes }: Rate): Bucket | undefined {
  const bytesPerSecond = Math.min(averageBytes, peakBytes);
  if (bytesPerSecond > HIGHEST_RATE) return undefined;
  const burst = Math.max(LARGEST_PACKET, burstBytes ?? Math.ceil(bytesPerSecond / 100));
  return {
    bytesPerSecond,
    burst: Math.min(burst, LARGEST_BURST, bytesPerSecond * LONGEST_BURST_S),
    peak: bytesPerSecond < peakBytes && peakBytes <= HIGHEST_RATE ? peakBytes : undefined,
  };
}

const lacking = (module: string) => (cause: unknown) => {
  throw new EngineError(
    'unsupported',
    `this kernel cannot limit the rate of a link that way: it lacks ${module}`,
    { module },
    { cause },
  );
};
