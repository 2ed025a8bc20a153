// An operation on a layer in a process group of its own, which a test kills as nothing but SIGKILL can.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Operation } from './layer-worker.js';

const worker = fileURLToPath(new URL('./layer-worker.js', import.meta.url));

class Worker {
  readonly #process: ChildProcess;

  /** In a process group of its own, which the programs that it starts belong to. */
  constructor(operation: Operation) {
    this.#process = spawn(process.execPath, [worker, JSON.stringify(operation)], {
      stdio: ['pipe', 'pipe', 'inherit'],
      detached: true,
    });
  }

  async begin(): Promise<void> {
    await once(this.#process.stdout ?? assert.fail(), 'data');
    this.#process.stdin?.write('go\n');
  }

  async end(): Promise<void> {
    const [status] = await once(this.#process, 'close');
    assert.equal(status, 0);
  }

  /** Not what it started, which ends by itself. */
  async killAlone(): Promise<void> {
    const gone = this.#process.exitCode === null ? once(this.#process, 'close') : undefined;
    this.#process.kill('SIGKILL');
    await gone;
    const group = -(this.#process.pid ?? assert.fail());
    while (isThere(group)) await sleep(1);
  }

  async kill(): Promise<void> {
    const group = -(this.#process.pid ?? assert.fail());
    const gone = this.#process.exitCode === null ? once(this.#process, 'close') : undefined;
    process.kill(group, 'SIGKILL');
    await gone;
    while (isThere(group)) await sleep(1);
  }
}

function isThere(group: number): boolean {
  try {
    process.kill(group, 0);
    return true;
  } catch {
    return false;
  }
}

/** Kills a process, and what it started, so long after it began with the operation. */
export async function killIn(
  operation: Operation,
  milliseconds: number,
  { alone = false }: { /** Not what it started. */ readonly alone?: boolean } = {},
): Promise<void> {
  const one = new Worker(operation);
  await one.begin();
  await sleep(milliseconds);
  await (alone ? one.killAlone() : one.kill()).catch((error: unknown) => {
    // It was done before.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  });
}

/** How long it takes when nobody disturbs it, in milliseconds. */
export async function timeOf(operation: Operation): Promise<number> {
  const one = new Worker(operation);
  await one.begin();
  const begun = performance.now();
  await one.end();
  return performance.now() - begun;
}
