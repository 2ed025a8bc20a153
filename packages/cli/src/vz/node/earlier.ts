// What an earlier run of vzubc saw, in a file of its folder.
// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BeancounterReport } from '@ctvirt/api';
import { refuseFile } from '../../errors.js';

interface Seen {
  readonly held: number;
  readonly failcnt: number;
}

/** One line for each beancounter: CTID, resource, held, failcnt. */
export class Earlier {
  readonly #file: string;
  readonly #seen = new Map<string, Seen>();

  constructor(private readonly folder: string) {
    this.#file = join(folder, 'ubc.ctvirt');
    try {
      for (const line of readFileSync(this.#file, 'utf8').split('\n')) {
        const [id = '', resource = '', held = '', failcnt = ''] = line.split('\t');
        if (/^\d+$/.test(held) && /^\d+$/.test(failcnt))
          this.#seen.set(`${id}\t${resource}`, { held: Number(held), failcnt: Number(failcnt) });
      }
    } catch {
      // The first run has none before it.
    }
  }

  of(id: string, resource: string): Seen | undefined {
    return this.#seen.get(`${id}\t${resource}`);
  }

  forget(): void {
    this.#seen.clear();
    rmSync(this.#file, { force: true });
  }

  keep(reports: readonly BeancounterReport[]): void {
    const lines = reports.flatMap(({ ctid, name, rows }) =>
      rows.map(
        ({ resource, held, failcnt }) => `${ctid ?? name}\t${resource}\t${held ?? 0}\t${failcnt ?? 0}\n`,
      ),
    );
    try {
      mkdirSync(this.folder, { recursive: true, mode: 0o700 });
      // In a folder of everybody's a link of somebody else's may lie there.
      rmSync(this.#file, { force: true });
      writeFileSync(this.#file, lines.join(''), { flag: 'wx', mode: 0o600 });
    } catch (cause) {
      refuseFile(this.#file, cause, 'write');
    }
  }
}
