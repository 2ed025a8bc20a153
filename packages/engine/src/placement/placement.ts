// Keeps domains with a number of processors on so many of the host's: what the kernel's cpusets are told, and when.
// SPDX-License-Identifier: Apache-2.0
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatBitmap, numbersOf, type Resources } from '@ctvirt/formats';
import type { CgroupLayout } from '../cgroups/layout.js';
import type { Subject } from '../drivers/driver.js';
import { isErrno } from '../host/gone.js';
import { type Place, spread } from './spread.js';

/** Dependencies of `Placement`. */
export interface PlacementParts {
  readonly cgroups: CgroupLayout;
  /** The group of all containers. */
  readonly parent: string;
  /** The group of one. */
  readonly group: (entry: Subject) => string;
  readonly log: (level: 'warn', message: string) => void;
}

/** Limits before and after a change, with the processors chosen for it; left without `keep`, there was no change. */
export interface PlacedChange extends Disposable {
  readonly from: Resources;
  readonly to: Resources;
  /** It runs there now, and others may be moved to make all even. */
  readonly keep: () => void;
  /** What is left to try if the kernel did not take the choice; undefined if it was about something else. */
  readonly without: (error: unknown) => Resources | undefined;
}

const FILE = 'cpuset.cpus';
/** Of so many it is told where they would run. */
const mostPreviewed = 256;

/**
 * Nothing of it is kept on disk: what runs where is read from the kernel when a daemon starts. Domains without a number or a
 * list of processors are no business of it.
 */
export class Placement {
  readonly #places = new Map<Subject, Place>();
  readonly #said = new Set<string>();
  /** The same list for all, as long as the kernel says the same. */
  #given: { readonly key: string; readonly processors: readonly number[] } = { key: '', processors: [] };

  constructor(private readonly parts: PlacementParts) {}

  /** Chooses for a domain that starts, or whose limits change; it and its place are left alone until that is decided. */
  change(entry: Subject, before: Resources, after: Resources): PlacedChange {
    const known = this.#places.get(entry);
    const { cpuCount: _from, ...from } = before;
    const { cpuCount, ...to } = after;
    if (known === undefined && cpuCount === undefined && to.cpusetCpus === undefined)
      return { from, to, keep: () => undefined, without: () => undefined, [Symbol.dispose]: () => undefined };
    const place = this.#placeOf(after, known?.at ?? []);
    const at = place === undefined ? undefined : this.#choose(entry, place);
    const list = at === undefined || place?.isHeld === true ? to.cpusetCpus : formatBitmap(at);
    if (place === undefined || at === undefined) this.#places.delete(entry);
    else this.#places.set(entry, { ...place, at, isHeld: true });
    let isDecided = false;
    const decide = (final: Place | undefined): void => {
      if (isDecided) return;
      isDecided = true;
      if (final === undefined) this.#places.delete(entry);
      else this.#places.set(entry, final);
      this.even();
    };
    return {
      from: withCpuset(from, known === undefined ? from.cpusetCpus : formatBitmap(known.at)),
      to: withCpuset(to, list),
      keep: () => decide(place === undefined || at === undefined ? undefined : { ...place, at }),
      without: (error) => {
        if (place?.isHeld !== false || !String(error).includes(FILE)) return undefined;
        this.#say(`${unplaced} its kernel does not take them for ${FILE}`, String(error));
        decide(undefined);
        return to;
      },
      // What was running runs on where it did; what was about to start does not run.
      [Symbol.dispose]: () => decide(entry.running === undefined ? undefined : known),
    };
  }

  /** Where so many more with these limits, or the first of them, would be put if they started now; undefined where they may run everywhere. */
  preview(resources: Resources, count: number): readonly (readonly number[])[] | undefined {
    const place = this.#placeOf(resources, []);
    if (place === undefined) return undefined;
    return spread(new Array<Place>(Math.min(count, mostPreviewed)).fill(place), this.#places.values());
  }

  /** Takes note of a domain that ran before this daemon; `even` then gives those a place that have none. */
  know(entry: Subject, resources: Resources): void {
    if (resources.cpuCount === undefined && resources.cpusetCpus === undefined) return;
    const place = this.#placeOf(resources, this.#inKernel(entry));
    if (place !== undefined) this.#places.set(entry, place);
  }

  /** After the end of a domain. */
  leave(entry: Subject): void {
    if (this.#places.delete(entry)) this.even();
  }

  /** Moves those whose move makes all more even. */
  even(): void {
    const all = [...this.#places].map(
      ([entry, place]) => [entry, { ...place, isHeld: place.isHeld || entry.running === undefined }] as const,
    );
    const found = spread(all.map(([, place]) => place));
    let isRefused = false;
    for (const [index, [entry, { isHeld }]] of all.entries()) {
      const place = this.#places.get(entry);
      const at = found[index] ?? [];
      if (place === undefined || isHeld || isSame(place.at, at)) continue;
      const error = this.#write(entry, at);
      // Where a container has cpusets of its own, cgroup v1 keeps it to what those have.
      if (error === undefined) this.#places.set(entry, { ...place, at });
      else this.#places.set(entry, fixed(place.at));
      isRefused ||= error !== undefined;
    }
    if (isRefused) this.even();
  }

  /** Undefined where it may run everywhere. */
  #placeOf({ cpuCount, cpusetCpus }: Resources, at: readonly number[]): Place | undefined {
    const named = cpusetCpus === undefined ? undefined : [...(numbersOf(cpusetCpus) ?? [])];
    const available = cpuCount === undefined ? undefined : this.#available();
    const within = named?.filter((processor) => available?.includes(processor)) ?? available;
    if (cpuCount !== undefined && within !== undefined && within.length > cpuCount)
      return { within, count: cpuCount, at, isHeld: false };
    return named === undefined ? undefined : fixed(named);
  }

  #choose(entry: Subject, place: Place): readonly number[] | undefined {
    const others = [...this.#places].filter(([other]) => other !== entry).map(([, other]) => other);
    return spread([place], others)[0];
  }

  /** Processors the kernel gives containers; none if it has no cpusets, which is said once. */
  #available(): readonly number[] {
    const { cgroups, parent } = this.parts;
    if (!cgroups.controllers.has('cpuset')) {
      this.#say(`${unplaced} its kernel's cgroups have no cpuset`);
      return [];
    }
    // The group of all containers is there from the first start on.
    const file = cgroups.version === 1 ? FILE : `${FILE}.effective`;
    const lists = [parent, ''].map((group) => readLine(join(cgroups.path('cpuset', group), file)));
    const all = lists.find((list) => list !== '') ?? '';
    // Where the kernel's scheduler does not spread what runs, liblxc puts nobody either.
    const isolated = readLine('/sys/devices/system/cpu/isolated');
    const key = `${all}/${isolated}`;
    if (key !== this.#given.key) {
      const without = numbersOf(isolated);
      const processors = [...(numbersOf(all) ?? [])].filter((processor) => without?.has(processor) !== true);
      this.#given = { key, processors };
    }
    return this.#given.processors;
  }

  #inKernel(entry: Subject): readonly number[] {
    const { cgroups, group } = this.parts;
    return [...(numbersOf(readLine(join(cgroups.path('cpuset', group(entry)), FILE))) ?? [])];
  }

  #write(entry: Subject, at: readonly number[]): unknown {
    const { cgroups, group } = this.parts;
    try {
      writeFileSync(join(cgroups.path('cpuset', group(entry)), FILE), formatBitmap(at));
      return undefined;
    } catch (error) {
      const isGone = isErrno(error, 'ENOENT');
      if (!isGone) this.#say(`domain '${entry.record.name}' stays on its processors`, String(error));
      return error;
    }
  }

  /** Once for all that is the same but for the reason. */
  #say(message: string, reason?: string): void {
    if (this.#said.has(message)) return;
    this.#said.add(message);
    this.parts.log('warn', reason === undefined ? message : `${message}: ${reason}`);
  }
}

const unplaced = 'containers with fewer processors than this host see all of them:';

/** Processors that were named, or cannot be changed. */
const fixed = (at: readonly number[]): Place => ({ within: at, count: at.length, at, isHeld: true });

function withCpuset({ cpusetCpus: _, ...others }: Resources, list: string | undefined): Resources {
  return list === undefined ? others : { ...others, cpusetCpus: list };
}

/** Empty where there is none. */
function readLine(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return ''; // no such group yet, or any more
  }
}

/** Whatever their order. */
const isSame = (some: readonly number[], others: readonly number[]): boolean =>
  some.length === others.length && some.every((one) => others.includes(one));
