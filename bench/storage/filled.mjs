// A domain that is off, with 11,000 files in its layer, as many as a small system has: of 330 MB, or of more.
// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sleepingDomain } from '../domains.mjs';

const FILES = 11_000;
const MEGABYTES = 330;

/**
 * @param {import('../daemon.mjs').Daemon} daemon
 * @param {string} domain
 * @param {{ limits?: string, megabytes?: number, document?: string }} [how] elements of its root, how much it holds, and all of it
 */
export async function fill({ client, pid }, domain, { limits = '', megabytes = MEGABYTES, document } = {}) {
  await client.domains.define({ body: document ?? sleepingDomain(domain, 'busybox', '', limits) });
  const { path } = await client.domains.mountRoot({ domain });
  const each = Math.floor((megabytes * 1_000_000) / FILES);
  for (let index = 0; index < FILES; index++) {
    const folder = join(`/proc/${pid}/root`, path, 'srv', `d${Math.floor(index / 100)}`);
    if (index % 100 === 0) mkdirSync(folder, { recursive: true });
    // Half of it is noise: as much as programs and texts give a compressor to do.
    const half = randomBytes(Math.floor(each / 2));
    writeFileSync(join(folder, `f${index}`), Buffer.concat([half, Buffer.alloc(each - half.length, index)]));
  }
  await client.domains.unmountRoot({ domain });
}
