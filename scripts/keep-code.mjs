// Lets V8 keep the code that frequent commands need: functions are compiled when they are first called, so that these are called once.
// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { root } from './setup.mjs';

/**
 * Runs a launcher's commands, one after the other: each adds what it needs to the code that is kept beside the parts it loads.
 *
 * @param {string} node which Node it is kept for
 * @param {string} launcher
 */
export async function keepCode(node, launcher) {
  const folder = mkdtempSync(join(tmpdir(), 'ctvirt-code-'));
  const socket = join(folder, 'run/http.sock');
  mkdirSync(dirname(socket));
  // A host without domains.
  const server = createServer((_request, answer) => {
    answer.setHeader('content-type', 'application/json').end('[]');
  });
  await new Promise((resolve) => server.listen(socket, () => resolve(undefined)));
  /** @param {string} name */
  const called = (name) => {
    const link = join(folder, name);
    symlinkSync(launcher, link);
    return link;
  };
  const commands = [
    [launcher, 'xml', 'validate', join(root, 'examples/105.xml')],
    [launcher, 'list', '--all'],
    [launcher, 'params'],
    [called('vzctl'), 'status', '101'],
    [called('vzlist'), '--all', '--json'],
  ];
  try {
    for (const args of commands) await run([node, ...args], folder);
  } finally {
    server.close();
    rmSync(folder, { recursive: true });
  }
}

/**
 * @param {string[]} argv
 * @param {string} folder where its daemon is
 * @returns {Promise<void>}
 */
function run([file, ...args], folder) {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, CTVIRT_KEEP_CODE: '1', CTVIRT_ROOT: folder };
    const child = spawn(file, args, { stdio: ['ignore', 'ignore', 'inherit'], env });
    child.once('error', reject);
    child.once('close', (status) => {
      if (status === 0) resolve();
      else reject(new Error(`ctvirt ${args.slice(1).join(' ')} ended with status ${status}`));
    });
  });
}
