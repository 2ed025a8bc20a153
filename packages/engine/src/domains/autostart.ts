// Starts the domains that are marked so, once in each boot of the host.
// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Engine } from '../contract.js';
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

/** As libvirt does it: a domain shut down since then stays off when the daemon restarts. */
export async function autostart(start: Engine['start'], parts: AutostartParts): Promise<void> {
  const { layout, registry, facts, log } = parts;
  const marker = join(layout.run, 'autostarted');
  const boot = bootId();
  if (existsSync(marker) && (await readFile(marker, 'utf8')) === boot) return;
  await writeFile(marker, boot);
  const waiting = [...registry.entries()].filter(
    ({ record, state }) => record.autostart && state === 'shutoff',
  );
  const worker = async (): Promise<void> => {
    for (let entry = waiting.shift(); entry !== undefined; entry = waiting.shift()) {
      const { name, uuid } = entry.record;
      await start(uuid).catch((error: unknown) =>
        log('error', `domain '${name}' could not be started: ${String(error)}`),
      );
    }
  };
  await Promise.all(Array.from({ length: 2 * facts.hostCpus }, worker));
}
