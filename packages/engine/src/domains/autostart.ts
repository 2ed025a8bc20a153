// Starts the domains that are marked so, once in each boot of the host, in their order.
// SPDX-License-Identifier: Apache-2.0
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { inStartOrder } from '@ctvirt/formats';
import type { Engine } from '../contract.js';
import { unlessGone } from '../host/gone.js';
import { bootId } from '../host/processes.js';
import type { EngineLog } from '../log.js';
import type { Registry } from '../registry/registry.js';
import type { Layout } from '../state/layout.js';

/** Dependencies of `autostart`. */
export interface AutostartParts {
  readonly layout: Layout;
  readonly registry: Registry;
  readonly facts: { readonly hostCpus: number };
  readonly log: EngineLog;
}

/**
 * As libvirt does it: a domain shut down since then stays off when the daemon restarts. A daemon that comes after one that ended
 * amid the delays goes on with those whose turn had not come.
 */
export async function autostart(start: Engine['start'], parts: AutostartParts): Promise<void> {
  const { registry, facts, log } = parts;
  const progress = new Progress(join(parts.layout.run, 'autostarted'));
  if (progress.isOver) return;
  const due = registry
    .here()
    .filter(
      ({ record, state, givenTo }) =>
        record.autostart && state === 'shutoff' && givenTo === undefined && !progress.has(record.uuid),
    );
  const groups = inStartOrder(due.map(({ record }) => record));
  for (const [at, group] of groups.entries()) {
    const delay = Math.max(...group.map(({ delaySeconds = 0 }) => delaySeconds));
    const waiting = [...group];
    const worker = async (): Promise<void> => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        const { name, uuid } = next;
        await start(uuid).catch((error: unknown) =>
          log('error', `domain '${name}' could not be started: ${String(error)}`),
        );
        progress.add(uuid);
      }
    };
    await Promise.all(Array.from({ length: 2 * facts.hostCpus }, worker));
    if (at < groups.length - 1) await sleep(delay * 1000, undefined, { ref: false });
  }
  progress.end();
}

/** In a file of the running system: the boot, and below it whose turn has come, until all have had theirs. */
class Progress {
  readonly isOver: boolean;
  readonly #boot = bootId();
  readonly #done: ReadonlySet<string>;

  constructor(private readonly path: string) {
    const [boot, ...done] = (unlessGone(() => readFileSync(path, 'utf8')) ?? '').split('\n');
    const isOurs = boot === this.#boot;
    this.isOver = isOurs && done.length === 0;
    this.#done = new Set(isOurs ? done : []);
    if (!isOurs) writeFileSync(path, `${this.#boot}\n`);
  }

  has(uuid: string): boolean {
    return this.#done.has(uuid);
  }
  add(uuid: string): void {
    appendFileSync(this.path, `${uuid}\n`);
  }
  end(): void {
    writeFileSync(this.path, this.#boot);
  }
}
