// The engine's own tests of a way to keep layers, told in the machine one by one.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';

/** Beside the stories on the machine's disk: see scripts/vm/code.mjs. All of them together take longer than it may be silent. */
export async function tellLayerTests(
  t: TestContext,
  layer: string,
  env: NodeJS.ProcessEnv = {},
): Promise<void> {
  const file = fileURLToPath(new URL(`../../../layers/${layer}.test.js`, import.meta.url));
  const child = spawn(process.execPath, ['--test-reporter=tap', file], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(child, 'close');
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  const told: Told[] = [];
  for await (const line of createInterface(child.stdout)) {
    const [, failed, name = ''] = /^ +(not )?ok \d+ - (.*)$/.exec(line) ?? [];
    if (name !== '') told.push({ name, isDone: failed === undefined, text: '' });
    const last = told.at(-1);
    if (last === undefined) said += `${line}\n`;
    else last.text += `${line}\n`;
    // What is wrong with one stands behind it.
    if (line.trim() === '...' && last !== undefined) await tell(t, told.splice(0));
  }
  const [status] = await ended;
  await tell(t, told);
  assert.equal(status, 0, said);
}

interface Told {
  readonly name: string;
  readonly isDone: boolean;
  text: string;
}

async function tell(t: TestContext, told: readonly Told[]): Promise<void> {
  for (const { name, isDone, text } of told)
    await t.test(name, () => {
      assert.doesNotMatch(text, /^ *ok .* # SKIP/m);
      assert.ok(isDone, text);
    });
}
