// Keeps what looks found of all domains, and their sum: in memory, and minute by minute in a file for each.
// SPDX-License-Identifier: Apache-2.0
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { History } from '@ctvirt/api';
import type { HistoryQuery } from '../contract.js';
import type { EngineLog } from '../log.js';
import { eachByTurns } from '../slices.js';
import { pointsOf, wallsOf, wantedOf } from './answer.js';
import { type Day, LOOK_MS, Past, stampAt } from './past.js';
import { RingFile } from './ring-file.js';
import { sumOfRows, type Values } from './series.js';
import type { Hit } from './wall-ring.js';

/** Dependencies of `Keeper`. */
export interface KeeperParts {
  readonly folder: string;
  readonly log: EngineLog;
  /** Domains that are defined, by UUID: files of others are removed. */
  readonly isDefined: (uuid: string) => boolean;
  readonly now?: () => Date;
}

const MINUTE_MS = 60_000;
const IN_HALF_HOUR = 30;
const ENDING = '.ring';
/** No UUID. */
const HOST = 'host';
/** A sum needs no more marks than a graph has points. */
const MOST_WALLS = 2000;

interface Named {
  readonly uuid: string;
  readonly name: string;
}

/** A file is a domain's by its UUID, whatever it is called. */
export class Keeper {
  readonly #pasts = new Map<string, Past>();
  /** The one that has begun. */
  #minute: number | undefined;
  #isTold = false;

  constructor(private readonly parts: KeeperParts) {
    for (const file of readdirSync(parts.folder)) {
      const uuid = file.endsWith(ENDING) ? file.slice(0, -ENDING.length) : undefined;
      if (uuid !== undefined && uuid !== HOST && !parts.isDefined(uuid)) this.#fileOf(uuid).remove();
    }
  }

  /** In milliseconds since 1970. */
  get now(): number {
    return (this.parts.now?.() ?? new Date()).getTime();
  }

  /** What one round of looks has found, of all domains that run. */
  async take(atMs: number, found: readonly (readonly [uuid: string, values: Values])[]): Promise<void> {
    const stamp = stampAt(atMs);
    const minute = Math.floor((stamp * LOOK_MS) / MINUTE_MS);
    if (this.#minute !== undefined && this.#minute !== minute) await this.#keep(this.#minute, minute);
    this.#minute = minute;
    for (const [uuid, values] of found) if (this.parts.isDefined(uuid)) this.#of(uuid).look(stamp, values);
    if (found.length > 0) this.#of(HOST).look(stamp, sumOfRows(found.map(([, values]) => values)));
  }

  /** A domain was refused something; one that is forgotten already has no history any more. */
  hit(uuid: string, hit: Hit): void {
    if (!this.parts.isDefined(uuid)) return;
    this.#trying(() => this.#of(uuid).hit(hit));
  }

  /** Limits that it met in the last 24 hours. */
  day(uuid: string): Day {
    return this.#of(uuid).day(this.now);
  }

  /** Limits that it met, as far back as they are kept, the oldest first. */
  walls(uuid: string): Hit[] {
    return this.#of(uuid).file.walls.all();
  }

  forget(uuid: string): void {
    this.#pasts.delete(uuid);
    this.#fileOf(uuid).remove();
  }

  of({ uuid, name }: Named, query: HistoryQuery): History {
    const wanted = wantedOf(query, this.now);
    const past = this.#of(uuid);
    return { name, uuid, ...pointsOf(past, wanted, this.now), walls: wallsOf(name, past, wanted) };
  }

  /** The sum of all, with the limits that these met. */
  ofHost(domains: readonly Named[], query: HistoryQuery): History {
    const wanted = wantedOf(query, this.now);
    const walls = domains.flatMap(({ uuid, name }) => wallsOf(name, this.#of(uuid), wanted));
    return {
      name: null,
      uuid: null,
      ...pointsOf(this.#of(HOST), wanted, this.now),
      walls: walls.sort((a, b) => (a.at < b.at ? -1 : Number(a.at > b.at))).slice(-MOST_WALLS),
    };
  }

  /** The minute that has begun goes to the disk as far as it went. */
  async close(): Promise<void> {
    if (this.#minute !== undefined) await this.#keep(this.#minute, this.#minute + IN_HALF_HOUR);
    this.#minute = undefined;
  }

  async #keep(minute: number, next: number): Promise<void> {
    const isHalfHourOver = Math.floor(next / IN_HALF_HOUR) !== Math.floor(minute / IN_HALF_HOUR);
    let failure: unknown;
    await eachByTurns([...this.#pasts], ([uuid, past]) => {
      // Forgotten since others had their turn.
      if (this.#pasts.get(uuid) !== past) return;
      try {
        past.keep(minute, isHalfHourOver);
      } catch (error) {
        failure ??= error;
      }
    });
    this.#tell(failure);
  }

  #trying(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#tell(error);
    }
  }

  /** Once, until it goes again. */
  #tell(failure: unknown): void {
    if (failure === undefined && this.#isTold)
      this.parts.log('info', 'the history of domains is written down again');
    if (failure !== undefined && !this.#isTold)
      this.parts.log(
        'warn',
        `the history of domains cannot be written down, and has a gap there; nothing else is lost: ${String(failure)}`,
      );
    this.#isTold = failure !== undefined;
  }

  #of(uuid: string): Past {
    const past = this.#pasts.get(uuid) ?? new Past(this.#fileOf(uuid));
    this.#pasts.set(uuid, past);
    return past;
  }

  #fileOf(uuid: string): RingFile {
    return new RingFile(join(this.parts.folder, `${uuid}${ENDING}`));
  }
}
