// Networks on disk: each that is defined a folder with its document and record, and each that runs one with what it runs as.
// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { formatDocument } from '@ctvirt/xml';
import type { EngineError } from '../errors.js';
import {
  fillFolder,
  foldersIn,
  makeFolder,
  removeIfEmpty,
  unfinishedIn,
  writeAtomically,
} from '../host/files.js';
import { readWritten } from '../lifecycle/stored-document.js';
import { Folders, parseJson, readOr } from '../state/folders.js';
import { diskName, type Layout } from '../state/layout.js';
import type { SettledNetwork } from './plan.js';

/** What stands beside a network's document. */
export interface NetworkRecord {
  readonly version: 1;
  readonly name: string;
  readonly uuid: string;
  readonly autostart: boolean;
}

/** A network that is defined. */
export interface StoredNetwork {
  readonly record: NetworkRecord;
  readonly network: SettledNetwork;
}

/** Reads and writes them. */
export class NetworkStore {
  readonly #defined: Folders;

  constructor(private readonly layout: Pick<Layout, 'networks' | 'networkRuntime'>) {
    this.#defined = new Folders(layout.networks);
  }

  /** Removes what an interrupted operation left half-made or half-removed; returns what that was. */
  async recover(): Promise<string[]> {
    const removed = await this.#defined.recover();
    // What else lies there is its host's to clear.
    for (const entry of foldersIn(this.layout.networkRuntime))
      for (const path of unfinishedIn(join(this.layout.networkRuntime, entry)))
        if (basename(path).startsWith(LIVE)) {
          await rm(path, { force: true });
          removed.push(path);
        }
    return removed;
  }

  /** Whatever ran does not any more. */
  async forgetRuns(): Promise<void> {
    for (const path of this.#liveOnes()) await rm(path);
  }

  /** What is damaged is answered as its error, so that one bad file does not hide the others. */
  load(): { defined: StoredNetwork[]; running: SettledNetwork[]; damaged: EngineError[] } {
    const damaged: EngineError[] = [];
    const defined = this.#defined.onDisk().flatMap((entry) => {
      const folder = join(this.layout.networks, entry);
      const record = readOr(damaged, join(folder, 'record.json'), parseRecord);
      const network = readOr(damaged, join(folder, 'network.xml'), readNetwork);
      return record === undefined || network === undefined ? [] : [{ record, network }];
    });
    const running = this.#liveOnes().flatMap((path) => readOr(damaged, path, readNetwork) ?? []);
    return { defined, running, damaged };
  }

  /** The moment a network is defined. */
  async create(stored: StoredNetwork): Promise<void> {
    await this.#defined.make(stored.record.name, filledWith(stored));
  }

  /** Replaces document and record at one moment. */
  async update(stored: StoredNetwork): Promise<void> {
    await this.#defined.replace(stored.record.name, filledWith(stored));
  }

  async writeRecord(record: NetworkRecord): Promise<void> {
    await writeAtomically(join(this.#defined.path(record.name), 'record.json'), formatRecord(record));
  }

  /** The moment a network is not defined any more. */
  async remove(name: string): Promise<void> {
    await this.#defined.remove(name);
  }

  /** Where a network that runs has what it needs. */
  runFolder(name: string): string {
    return join(this.layout.networkRuntime, diskName(name));
  }

  /** Before the host is asked for anything, so that the next daemon knows of it. */
  async writeLive(network: SettledNetwork): Promise<void> {
    const folder = this.runFolder(network.name);
    await makeFolder(folder);
    await writeAtomically(join(folder, LIVE), formatDocument('network', network), { durable: false });
  }

  /** After all of it is given back. */
  async removeLive(name: string): Promise<void> {
    const folder = this.runFolder(name);
    await rm(join(folder, LIVE), { force: true });
    // Its host has files in it, or has removed it already.
    await removeIfEmpty(folder);
  }

  #liveOnes(): string[] {
    return foldersIn(this.layout.networkRuntime)
      .map((entry) => join(this.layout.networkRuntime, entry, LIVE))
      .filter((path) => existsSync(path));
  }
}

const LIVE = 'live.xml';

const filledWith =
  ({ record, network }: StoredNetwork) =>
  (folder: string): Promise<void> =>
    fillFolder(folder, {
      'network.xml': formatDocument('network', network),
      'record.json': formatRecord(record),
    });

const formatRecord = (record: NetworkRecord): string => `${JSON.stringify(record)}\n`;

const parseRecord = (text: string, path: string): NetworkRecord =>
  parseJson(text, path, isRecord, 'a record of a network');

function isRecord(value: unknown): value is NetworkRecord {
  if (typeof value !== 'object' || value === null) return false;
  const { version, name, uuid, autostart } = value as Partial<Record<keyof NetworkRecord, unknown>>;
  return (
    version === 1 && typeof name === 'string' && typeof uuid === 'string' && typeof autostart === 'boolean'
  );
}

const readNetwork = (text: string, path: string): SettledNetwork => readWritten('network', text, path);
