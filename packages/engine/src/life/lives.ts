// What happened to domains, for whoever asks later and over daemons: told in memory, written down behind whatever goes on.
// SPDX-License-Identifier: Apache-2.0
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import type { LifeEntry } from '@ctvirt/api';
import { asker } from '../asker.js';
import type { EngineLog } from '../log.js';
import { entryIn, type Happening, lineOf } from './life-entry.js';
import { LifeFile } from './life-file.js';

/** Dependencies of `Lives`. */
export interface LivesParts {
  readonly folder: string;
  readonly log: EngineLog;
  /** Domains that are defined, by UUID: files of others are removed. */
  readonly isDefined: (uuid: string) => boolean;
  readonly now?: () => Date;
}

/** Of one domain, not written down yet. */
interface Waiting {
  /** What was there before was another one's of this UUID. */
  isNew: boolean;
  readonly lines: string[];
}

interface Whose {
  readonly record: { readonly name: string; readonly uuid: string };
}

/** So many lines of each domain are kept while the disk takes none. */
const MOST_WAITING = 200;

/** A file is a domain's by its UUID, whatever it is called. */
export class Lives {
  readonly #waiting = new Map<string, Waiting>();
  /** Whose turn to be written down is to come. */
  readonly #due = new Set<string>();
  #work: Promise<void> | undefined;
  readonly #failing = new Set<string>();

  constructor(private readonly parts: LivesParts) {
    for (const file of readdirSync(parts.folder)) {
      const [uuid = ''] = file.split('.');
      if (!parts.isDefined(uuid)) this.#fileOf(uuid).remove();
    }
  }

  /** It happens now, at the request of whoever asks for what goes on here; one that is forgotten has no life any more. */
  note({ record: { name, uuid } }: Whose, happening: Happening): void {
    if (!this.parts.isDefined(uuid)) return;
    const at = (this.parts.now?.() ?? new Date()).toISOString();
    this.#of(uuid).lines.push(lineOf({ at, name, by: asker() ?? null, ...happening }));
    this.#write(uuid);
  }

  /** The oldest first, in the order in which it happened, whatever the clock said. */
  of(uuid: string): LifeEntry[] {
    const { isNew = false, lines = [] } = this.#waiting.get(uuid) ?? {};
    const kept = isNew ? [] : this.#fileOf(uuid).read();
    // One that is just being written down is in both.
    return [...new Set([...kept, ...lines])].flatMap((line) => entryIn(line) ?? []);
  }

  forget(uuid: string): void {
    this.#waiting.set(uuid, { isNew: true, lines: [] });
    this.#write(uuid);
  }

  /** What is not written down yet is when this resolves, if the disk takes it. */
  async close(): Promise<void> {
    for (const uuid of this.#waiting.keys()) this.#write(uuid);
    await this.#work;
  }

  #of(uuid: string): Waiting {
    const waiting = this.#waiting.get(uuid) ?? { isNew: false, lines: [] };
    this.#waiting.set(uuid, waiting);
    return waiting;
  }

  #write(uuid: string): void {
    this.#due.add(uuid);
    this.#work ??= this.#writeAll();
  }

  /** One domain after the other: a disk that hangs has one of the daemon's threads, and no more. */
  async #writeAll(): Promise<void> {
    await turn();
    for (const uuid of this.#due) {
      this.#due.delete(uuid);
      const waiting = this.#waiting.get(uuid);
      if (waiting === undefined) continue;
      try {
        await this.#writeOne(uuid, waiting);
        this.#goesAgain(uuid);
      } catch (error) {
        waiting.lines.splice(0, waiting.lines.length - MOST_WAITING);
        this.#fails(uuid, error);
      }
    }
    this.#work = undefined;
  }

  async #writeOne(uuid: string, waiting: Waiting): Promise<void> {
    const file = this.#fileOf(uuid);
    if (waiting.isNew) file.remove();
    waiting.isNew = false;
    const lines = [...waiting.lines];
    if (lines.length > 0) await file.append(lines);
    waiting.lines.splice(0, lines.length);
    if (waiting.lines.length === 0 && this.#waiting.get(uuid) === waiting) this.#waiting.delete(uuid);
  }

  /** Told once, for all domains, until it goes again for all. */
  #fails(uuid: string, error: unknown): void {
    if (this.#failing.size === 0)
      this.parts.log(
        'warn',
        `what happens to domains cannot be written down, and the last of it is known to this daemon alone; nothing else is lost: ${String(error)}`,
      );
    this.#failing.add(uuid);
  }

  /** The disk takes what this one has: it may take what others wait with. */
  #goesAgain(uuid: string): void {
    const has = this.#failing.delete(uuid);
    for (const other of this.#failing) this.#due.add(other);
    if (has && this.#failing.size === 0)
      this.parts.log('info', 'what happens to domains is written down again');
  }

  #fileOf(uuid: string): LifeFile {
    return new LifeFile(join(this.parts.folder, `${uuid}.log`));
  }
}
