// Feeds the parser and the writer mutated documents for a number of seconds.
// SPDX-License-Identifier: Apache-2.0
import { defaultLimits, type Limits } from '../read/node.js';
import { type Case, checkCase } from './fuzz-invariants.js';
import { mutate, piecesOf } from './fuzz-mutations.js';
import { samples } from './fuzz-samples.js';
import { Random } from './random.js';

/** What a fault was found with. */
export class FuzzFault extends Error {
  override readonly name = 'FuzzFault';
  constructor(
    readonly given: Case,
    options: { cause: unknown },
  ) {
    const first = options.cause instanceof Error ? (options.cause.stack ?? '') : String(options.cause);
    super(`${first.slice(0, 6000)}\ncase: ${JSON.stringify(given).slice(0, 6000)}`, {
      cause: first.slice(0, 200),
    });
  }
}

/** Mutated documents beyond this start over, so that repetition does not grow them without end. */
const longest = 200_000;

/** The time one case may take: all its readings and writings, on a machine that does other things too. */
const allowedMs = (length: number): number => 60 + length * 0.03;

/** So many however busy the machine is, or a test would say nothing. */
const leastDocuments = 50;

/** How much the process may grow while it forgets each case. */
const allowedMiB = 300;

function smaller(random: Random): Partial<Limits> {
  if (random.below(6) > 0) return {};
  const limits: Limits = {
    length: random.below(6000),
    depth: random.below(8),
    elements: random.below(120),
    attributes: random.below(5),
  };
  const keys = (Object.keys(limits) as (keyof Limits)[]).filter(() => random.below(2) === 0);
  return Object.fromEntries(keys.map((key) => [key, limits[key]]));
}

function timed(given: Case): { took: number; isAccepted: boolean } {
  const began = spentMs();
  const isAccepted = checkCase(given);
  return { took: spentMs() - began, isAccepted };
}

/** Slow only if it is slow each time: others use the processor as well. */
function checkTime(given: Case, took: number): void {
  const allowed = allowedMs(given.text.length);
  let least = took;
  for (let tries = 0; least > allowed && tries < 4; tries++) least = Math.min(least, timed(given).took);
  if (least > allowed)
    throw new Error(`it took ${Math.round(least)} ms, ${Math.round(allowed)} ms are allowed`);
}

function faultOf(given: Case): unknown {
  try {
    checkTime(given, timed(given).took);
  } catch (error) {
    return error;
  }
  return undefined;
}

/** Leaves out what the fault does not need. */
function shrink(given: Case): Case {
  let pieces = piecesOf(given.text);
  for (let size = Math.ceil(pieces.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2))
    for (let at = 0; at < pieces.length; ) {
      const fewer = pieces.toSpliced(at, size);
      if (faultOf({ ...given, text: fewer.join('') }) === undefined) at += size;
      else pieces = fewer;
    }
  return { ...given, text: pieces.join('') };
}

/** Runs for `seconds`; throws `FuzzFault` with the document at the first fault. Returns the number of documents. */
export function fuzz(seconds: number, seed: number): { documents: number; accepted: number } {
  const random = new Random(seed);
  let documents = 0;
  let accepted = 0;
  let settledBytes: number | undefined;
  for (const text of samples)
    if (!checkCase({ text, strict: false, foreign: true, limits: defaultLimits }))
      throw new Error(`a sample is refused: ${text.slice(0, 100)}`);
  const until = performance.now() + seconds * 1000;
  while (performance.now() < until || documents < leastDocuments) {
    let text = random.of(samples);
    for (let depth = 1 + random.below(8); depth > 0 && text.length < longest; depth--) {
      text = mutate(random, text, random.of(samples));
      const given: Case = {
        text,
        strict: random.below(3) === 0,
        foreign: random.below(3) === 0,
        limits: smaller(random),
      };
      documents++;
      try {
        const { took, isAccepted } = timed(given);
        if (isAccepted) accepted++;
        checkTime(given, took);
      } catch (cause) {
        const least = shrink(given);
        throw new FuzzFault(least, { cause: faultOf(least) ?? cause });
      }
      if (documents % 1000 > 0) continue;
      const bytes = process.memoryUsage().rss;
      settledBytes ??= bytes;
      const grownMiB = (bytes - settledBytes) / 2 ** 20;
      if (grownMiB > allowedMiB) throw new Error(`memory has grown by ${Math.round(grownMiB)} MiB`);
    }
  }
  return { documents, accepted };
}

/** Processor time: what others do meanwhile counts for nothing. */
function spentMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
