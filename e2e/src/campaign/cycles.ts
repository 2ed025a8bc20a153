// Whole lives of domains on one daemon: what it and the host hold is the same after the last as after the first.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { domainXml } from '../world/documents.js';
import { growthOf, memoryOf } from '../world/memory.js';
import { linkOf } from '../world/trial-steps.js';
import { waitFor } from '../world/wait.js';
import { World } from '../world/world.js';
import { type Part, textOfFault } from './part.js';

const obedient = ['/bin/sh', '-c', 'trap "exit 0" USR2; echo up; sleep infinity & wait'];

export const cycles: Part = {
  what: 'create, start, exec, console, stop, destroy on one daemon',
  long: { count: 10_000, minutes: 0 },
  short: { count: 12, minutes: 0 },
  run: async ({ count, note }) => {
    const world = await World.open();
    const faults: string[] = [];
    let done = 0;
    let figures = '';
    try {
      // The first lives load code and fill caches; what they leave for good is no leak.
      const warm = Math.min(200, Math.ceil(count / 4));
      while (done < warm) await live(world, done++);
      const before = await heldBy(world);
      const memory = [memoryOf(world)];
      while (done < count) {
        await live(world, done++);
        if (done % Math.ceil(count / 20) > 0) continue;
        memory.push(memoryOf(world));
        note(`${done} lives, ${Math.max(...memory)} KiB at most`);
      }
      const after = await settled(world, before);
      if (!isDeepStrictEqual(after, before)) faults.push(differenceOf(before, after));
      faults.push(...growthOf(memory));
      figures = `${figuresOf(after)}, equal at the end; memory ${mib(memory[0])} MiB at first, ${mib(memory.at(-1))} at last, ${mib(Math.max(...memory))} at most`;
      await world.close();
    } catch (error) {
      faults.push(`life ${done}: ${textOfFault(error)}\n${world.log.slice(-2000)}`);
      await world.abandon();
    }
    return { done: `${done} lives`, figures, faults };
  },
};

async function live(world: World, number: number): Promise<void> {
  const name = `life-${number}`;
  const { domains } = world.client;
  await world.run(
    domainXml({ name, program: obedient, interfaces: [linkOf(`192.168.9.${20 + (number % 200)}`)] }),
  );
  assert.equal(await world.shell(name, 'echo $((6 * 7))'), '42');
  const console = await domains.console({ domain: name, open: {} });
  console.stdout.resume();
  console.stdin.end();
  console.close();
  if (number % 2 === 0) await domains.shutdown({ domain: name, waitMs: 10_000 });
  else await domains.destroy({ domain: name });
  await domains.undefine({ domain: name, storage: true });
}

/** Kinds of descriptors, since their number alone hides one that takes another's place. */
interface Held {
  readonly descriptors: Readonly<Record<string, number>>;
  readonly everything: unknown;
}

async function heldBy(world: World): Promise<Held> {
  await world.assertClean();
  const descriptors: Record<string, number> = {};
  for (const fd of readdirSync(`/proc/${world.daemonPid}/fdinfo`)) {
    const kind = kindOf(world.daemonPid, fd);
    if (kind !== undefined) descriptors[kind] = (descriptors[kind] ?? 0) + 1;
  }
  return { descriptors, everything: await world.everything() };
}

function kindOf(pid: number, fd: string): string | undefined {
  const mode = /^flags:\s+(\d+)/m.exec(readOr(`/proc/${pid}/fdinfo/${fd}`))?.[1];
  return mode === undefined ? undefined : `flags ${mode}`;
}

/** Connections that were just closed go in their own time. */
async function settled(world: World, before: Held): Promise<Held> {
  let now = await heldBy(world);
  await waitFor('the daemon to let go', async () =>
    isDeepStrictEqual((now = await heldBy(world)), before),
  ).catch(() => undefined);
  return now;
}

const differenceOf = (before: Held, after: Held): string =>
  `held at first: ${JSON.stringify(before)}\nheld at last: ${JSON.stringify(after)}`;
const figuresOf = ({ descriptors }: Held): string =>
  `${Object.values(descriptors).reduce((sum, count) => sum + count, 0)} descriptors, mounts, links, groups and files`;

const mib = (kib = 0): number => Math.round(kib / 1024);

function readOr(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // closed meanwhile
  }
}
