// What is written down of each network before anything of it is made, and goes when all of it is gone.
// SPDX-License-Identifier: Apache-2.0
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { chmod, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { makeFolder, removeIfEmpty, unfinishedIn, writeAtomically } from '../../host/files.js';
import { unlessGone } from '../../host/gone.js';
import { diskName } from '../../state/layout.js';
import type { DnsmasqFiles } from './dnsmasq-config.js';

/** By what its bridge is known again. */
export interface NetworkRecord {
  readonly bridge: string;
  readonly mac: string;
}

const RECORD = 'bridge.json';
const files: DnsmasqFiles = {
  config: 'dnsmasq.conf',
  hosts: 'dnsmasq.hosts',
  names: 'dnsmasq.names',
  leases: 'dnsmasq.leases',
  pid: 'dnsmasq.pid',
};
const own: readonly string[] = [RECORD, ...Object.values(files)];

/** Also one that is being written. */
const isOwn = (entry: string): boolean => own.some((file) => entry.startsWith(file));

/** A folder for each network, by its name on disk; others may keep files of theirs in it. */
export class NetworkRecords {
  constructor(readonly parent: string) {}

  folder(name: string): string {
    return join(this.parent, diskName(name));
  }

  files(folder: string): DnsmasqFiles {
    const path = (file: string): string => join(folder, file);
    return {
      config: path(files.config),
      hosts: path(files.hosts),
      names: path(files.names),
      leases: path(files.leases),
      pid: path(files.pid),
    };
  }

  async write(folder: string, record: NetworkRecord): Promise<void> {
    // dnsmasq looks into it as a user of its own.
    await makeFolder(folder);
    await chmod(folder, 0o711); // whatever the umask
    await writeAtomically(join(folder, RECORD), JSON.stringify(record), { durable: false });
  }

  /** Undefined where there is none, or none that says anything. */
  read(folder: string): NetworkRecord | undefined {
    const text = unlessGone(() => readFileSync(join(folder, RECORD), 'utf8'));
    return text === undefined ? undefined : parse(text);
  }

  /** Those that something of ours lies in, if only begun, or nothing yet. */
  all(): string[] {
    if (!existsSync(this.parent)) return [];
    return readdirSync(this.parent, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => join(this.parent, name))
      .filter((folder) => {
        const entries = readdirSync(folder);
        return entries.length === 0 || entries.some(isOwn);
      });
  }

  /** The record last: as long as it is there, somebody takes away what it speaks of. */
  async remove(folder: string): Promise<void> {
    if (!existsSync(folder)) return;
    for (const file of unfinishedIn(folder).filter((path) => isOwn(basename(path))))
      await rm(file, { force: true });
    for (const file of own.toReversed()) await rm(join(folder, file), { force: true });
    await removeIfEmpty(folder);
  }
}

function parse(text: string): NetworkRecord | undefined {
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch {
    return undefined; // damaged
  }
  if (typeof found !== 'object' || found === null || !('bridge' in found) || !('mac' in found))
    return undefined;
  const { bridge, mac } = found;
  return typeof bridge === 'string' && typeof mac === 'string' ? { bridge, mac } : undefined;
}
