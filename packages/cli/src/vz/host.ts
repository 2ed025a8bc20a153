// What OpenVZ's programs work with: the daemon's client, and output that obeys --quiet.
// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { HostFacts } from '@ctvirt/api';
import { type ApiClient, createClient } from '@ctvirt/api/node';
import { effectiveValues, parseConf } from '@ctvirt/formats';
import { socketPathOf } from '../endpoint.js';
import type { Io } from '../io.js';
import { printableLines } from '../printable.js';

/** One run of one of the programs. */
export class VzHost {
  readonly client: ApiClient;
  /** Says nothing but data and errors. */
  isQuiet = false;
  #facts: Promise<HostFacts> | undefined;

  constructor(readonly io: Io) {
    const options = { onRemark: (remark: string) => this.warn(`Warning: ${remark}`) };
    this.client = createClient({ socketPath: socketPathOf({}, io.env) }, options);
  }

  get facts(): Promise<HostFacts> {
    this.#facts ??= this.client.host.facts();
    return this.#facts;
  }

  /** What is being done, as vzctl tells it. */
  say(line: string): void {
    if (!this.isQuiet) this.print(`${line}\n`);
  }

  /** What was asked for. */
  print(text: string): void {
    this.io.stdout.write(printableLines(text));
  }

  warn(line: string): void {
    if (!this.isQuiet) this.io.stderr.write(`${printableLines(line)}\n`);
  }

  /** A value of OpenVZ's vz.conf, where this host has that file from before. */
  global(key: string): string | undefined {
    const { CTVIRT_ROOT: root = '' } = this.io.env;
    try {
      const text = readFileSync(root === '' ? '/etc/vz/vz.conf' : join(resolve(root), 'etc/vz.conf'), 'utf8');
      const value = effectiveValues(parseConf(text)).values.get(key)?.value;
      return value === '' ? undefined : value;
    } catch {
      // Without the file, OpenVZ's own defaults count.
      return undefined;
    }
  }
}
