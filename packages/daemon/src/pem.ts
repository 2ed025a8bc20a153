// Certificates and keys that settings name.
// SPDX-License-Identifier: Apache-2.0
import { readFileSync, statSync } from 'node:fs';
import { EngineError } from '@ctvirt/engine';
import type { Logger } from 'pino';

/** The text of a file that TLS needs. */
export function readPem(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new EngineError(
      'invalid',
      `${path}, which TLS needs, cannot be read: ${String(cause)}`,
      { path },
      { cause },
    );
  }
}

/** The same of a private key, which every user of the host should not be able to read. */
export function readKey(path: string, log: Pick<Logger, 'warn'>): string {
  const key = readPem(path);
  if ((statSync(path).mode & 0o004) !== 0)
    log.warn(
      `every user of this host can read the private key ${path}: chmod o-rwx ${path}, and think of a new one`,
    );
  return key;
}
