// Unpacks an inspected, canonical tar stream with GNU tar in confinement.
// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { spawnConfined } from './confined.js';
import { TemplateError } from './errors.js';
import type { ImportLimits } from './limits.js';

// Everything a tree of any owners and modes needs, and nothing that reaches beyond files.
const CAPABILITIES = ['CAP_CHOWN', 'CAP_DAC_OVERRIDE', 'CAP_FOWNER', 'CAP_FSETID', 'CAP_SETFCAP'];

const TAR = [
  'tar',
  '--extract',
  '--file=-',
  '--numeric-owner',
  '--same-owner',
  '--same-permissions',
  '--xattrs',
  '--xattrs-include=security.capability',
  '--no-acls',
  '--no-selinux',
  '--warning=no-timestamp',
];

const STDERR_KEPT = 4096;

/** Collects the end of a child's stderr. */
export function tail(stream: Readable | null): () => string {
  let text = '';
  stream?.setEncoding('utf8').on('data', (chunk: string) => {
    text = (text + chunk).slice(-STDERR_KEPT);
  });
  return () => text.trim();
}

const fullDisk = /No space left on device|Disk quota exceeded/;

/**
 * Writes `blocks` into `target`, a fresh empty folder. Throws whatever `blocks` throws, `no-space`, or
 * `host-command`; in each case the tree is incomplete and the caller removes it.
 */
export async function unpack(
  blocks: AsyncIterable<Buffer>,
  target: string,
  limits: ImportLimits,
  signal?: AbortSignal,
): Promise<void> {
  const child = spawnConfined(
    TAR,
    {
      target,
      capabilities: CAPABILITIES,
      cpuSeconds: limits.cpuSeconds,
      memoryBytes: limits.memoryBytes,
      fileBytes: limits.fileBytes,
    },
    ['pipe', 'ignore', 'pipe'],
  );
  const complaint = tail(child.stderr);
  // One complaint is enough: GNU tar would go on with the next member, even on a full disk.
  child.stderr?.once('data', () => child.kill('SIGKILL'));
  const abort = () => child.kill('SIGKILL');
  signal?.addEventListener('abort', abort);
  let ended = false;
  const closed = new Promise<number | string | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status, name) => resolve(name ?? status));
  }).finally(() => {
    ended = true;
  });
  closed.catch(() => {
    // Reported below, by the await of the same promise.
  });
  try {
    const stdin = child.stdin;
    if (!stdin) throw new TemplateError('internal', 'tar has no input');
    stdin.on('error', () => {
      // EPIPE: tar ended early; its status and stderr tell why.
    });
    for await (const block of blocks) {
      if (ended || stdin.destroyed) break;
      if (!stdin.write(block)) await Promise.race([once(stdin, 'drain'), once(stdin, 'close'), closed]);
    }
    stdin.end();
    const status = await closed;
    signal?.throwIfAborted();
    if (status === 0 && complaint() === '') return;
    throw failure(status, complaint());
  } finally {
    signal?.removeEventListener('abort', abort);
    if (!ended) {
      child.kill('SIGKILL');
      await closed.catch(() => {
        // Only its end matters here: what went wrong is already being thrown.
      });
    }
  }
}

function failure(status: number | string | null, stderr: string): TemplateError {
  const details = { argv: TAR, status, stderr };
  if (fullDisk.test(stderr)) {
    return new TemplateError(
      'no-space',
      'the file system of the templates is full: free some space, then import again; nothing was kept',
      details,
    );
  }
  return new TemplateError(
    'host-command',
    `tar could not unpack the archive (${status}): ${stderr}`,
    details,
  );
}
