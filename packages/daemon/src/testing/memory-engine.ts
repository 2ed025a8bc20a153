// The engine itself over domains in memory, in a folder of its own, for tests of the doors to it. It obeys root's files alone.
// SPDX-License-Identifier: Apache-2.0
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AdoptRequest } from '@ctvirt/api';
import { type Engine, type EngineLog, type ExecSession, layoutOf } from '@ctvirt/engine';
import { documentPathIn, MemoryDriver, openMemoryEngine } from '@ctvirt/engine/testing';
import { formats } from '@ctvirt/formats';
import { insideWith } from './inside.js';
import { memorySnapshots } from './memory-snapshots.js';

/** The engine, and what a test may see behind its back. */
export interface MemoryEngine extends Engine {
  /** Sessions that were opened and not yet ended: a left client must leave none. */
  liveSessions(): number;
  /** Listeners of events, likewise. */
  listeners(): number;
  /** A job that has the domain to itself as long as this lasts. */
  copying(name: string, work: Promise<void>): Promise<void>;
}

/**
 * Opens one whose domains obey at once. A distribution's packages come to busybox here, without a network, and other systems keep
 * their containers below `host` in the root.
 */
export async function openOverMemory(root: string, log?: EngineLog): Promise<MemoryEngine> {
  const layout = layoutOf(root);
  const live = new Set<ExecSession>();
  const driver = new MemoryDriver({
    inside: insideWith(live),
    isObedient: true,
    documentPath: documentPathIn(layout),
  });
  const { engine, parts } = await openMemoryEngine(layout, driver, log);
  const { templates } = engine;
  templates.buildDebian = (name) => templates.buildBusybox(name);
  let listeners = 0;
  const counted = (leave: () => void): (() => void) => {
    listeners++;
    return () => {
      listeners--;
      leave();
    };
  };
  return {
    ...engine,
    snapshots: memorySnapshots(engine),
    adopt: (request, options) =>
      engine.adopt({ config: configIn(join(root, 'host'), request), ...request }, options),
    candidates: () => engine.candidates({ below: join(root, 'host') }),
    onEvent: (listener) => counted(engine.onEvent(listener)),
    networks: { ...engine.networks, onEvent: (listener) => counted(engine.networks.onEvent(listener)) },
    liveSessions: () => live.size,
    listeners: () => listeners,
    copying: (name, work) => {
      const { turns, jobs } = parts;
      return jobs.run(turns.find(name), 'clone', () => turns.take(name, () => work, { isJob: true }));
    },
  };
}

const configIn = (host: string, { format, name }: AdoptRequest): string =>
  join(host, formats[format].files.home?.at(name) ?? name);

/** A folder that an engine may have for its own: those of containers pass through it. */
export function engineFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'ctvirt-'));
  chmodSync(folder, 0o755);
  return folder;
}

/** The same for the length of one test. */
export async function memoryEngine(
  test: { after(over: () => Promise<void>): void },
  log?: EngineLog,
): Promise<MemoryEngine> {
  const folder = engineFolder();
  const engine = await openOverMemory(folder, log);
  test.after(async () => {
    await engine.close();
    rmSync(folder, { recursive: true });
  });
  return engine;
}

/** What one more domain has that this host cannot keep: it is let in with a remark. */
export const promisedTooMuch =
  "<memory unit='TiB'>9</memory><memtune><min_guarantee unit='TiB'>9</min_guarantee></memtune>";

/** A document of a domain that asks nothing of the host: its root is in memory. */
export const sampleXml = (name: string, more = ''): string =>
  `<domain type='lxc'><name>${name}</name>${more}<os><type>exe</type></os><devices>` +
  "<filesystem type='ram'><source usage='1048576'/><target dir='/'/></filesystem></devices></domain>";

/** A document of a network; by default one that is isolated and gives addresses out. */
export const networkXml = (name: string, more = ''): string =>
  `<network><name>${name}</name>${more}<ip address='192.0.2.1' prefix='24'>` +
  "<dhcp><range start='192.0.2.10' end='192.0.2.99'/></dhcp></ip></network>";
