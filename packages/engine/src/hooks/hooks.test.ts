// The administrator's hooks: how they are called, and what becomes of those that refuse, hang or are somebody else's.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { EngineError } from '../errors.js';
import { until } from '../testing/until.js';
import { Hooks } from './hooks.js';

const options = { skip: process.getuid?.() === 0 ? false : 'obeys files of root alone' };

let folder: string;
let told: string[];
let hooks: Hooks;
beforeEach(() => {
  folder = mkdtempSync('/run/ctvirt-hooks-');
  mkdirSync(join(folder, 'lxc.d'));
  told = [];
  hooks = within(60_000);
});
/** Hooks that may take so long. */
const within = (limitMs: number): Hooks =>
  new Hooks({ folder, log: (_level, message) => told.push(message), limitMs });
afterEach(() => rmSync(folder, { recursive: true }));

const put = (name: string, script: string, mode = 0o755): void => {
  writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`);
  chmodSync(join(folder, name), mode);
};
const subject = { name: 'it is "one"', xml: () => '<domain/>' };
const refusal = (pattern: RegExp) => (error: unknown) => {
  assert.ok(error instanceof EngineError);
  assert.match(error.message, pattern);
  return true;
};
const written = (): string => readFileSync(join(folder, 'out'), 'utf8');

test('without hooks nothing is asked for', options, async () => {
  const nothing = () => assert.fail('nobody reads it');
  await hooks.ask({ name: 'a', xml: nothing }, 'prepare');
  await new Hooks({ folder: join(folder, 'absent'), log: () => undefined }).tell(
    { name: 'a', xml: nothing },
    'stopped',
  );
});

test('name, operation, stage and a dash are the words, the document is the input', options, async () => {
  put('lxc', `printf '%s|' "$#" "$@" >${folder}/out; cat >>${folder}/out; env | cut -d= -f1 >${folder}/env`);
  await hooks.ask(subject, 'prepare');
  assert.equal(written(), '4|it is "one"|prepare|begin|-|<domain/>');
  await hooks.tell(subject, 'release');
  assert.equal(written(), '4|it is "one"|release|end|-|<domain/>');
  assert.deepEqual(
    readFileSync(join(folder, 'env'), 'utf8')
      .trim()
      .split('\n')
      .filter((name) => !['PWD', '_'].includes(name))
      .sort(),
    ['LC_ALL', 'PATH'],
  );
});

test('it has no descriptor of the daemon but its three', options, async () => {
  // No pipe, of which the shell has an end itself until its other program is begun.
  put('lxc', `ls /proc/$$/fd >${folder}/out`);
  await hooks.ask(subject, 'start');
  // The shell keeps the script, and its own output, at numbers from 10 on.
  assert.match(written(), /^0\n1\n(1\d\n)*2\n$/);
});

test('those of the folder follow by name, and the first that refuses ends it', options, async () => {
  put('lxc', `echo main >>${folder}/out`);
  put('lxc.d/20-no', `echo 20 >>${folder}/out; echo 'no room left' >&2; exit 7`);
  put('lxc.d/10-yes', `echo 10 >>${folder}/out`);
  put('lxc.d/30-after', `echo 30 >>${folder}/out`);
  put('lxc.d/15-off', `echo 15 >>${folder}/out`, 0o644);
  await assert.rejects(
    hooks.ask(subject, 'start'),
    refusal(/lxc\.d\/20-no start of domain .* status 7: no room left/),
  );
  assert.equal(written(), 'main\n10\n20\n');
  await hooks.tell(subject, 'stopped');
  assert.equal(written(), 'main\n10\n20\nmain\n10\n20\n30\n');
  assert.match(told.join(), /20-no stopped .* status 7: no room left/);
});

test('one that hangs is ended with all that it has begun', options, async () => {
  put('lxc', `sleep 600 & echo $! >${folder}/out; wait`);
  // On a busy host it has not begun anything by then.
  for (let limitMs = 500; !existsSync(join(folder, 'out')) || written() === ''; limitMs *= 2)
    await assert.rejects(
      within(limitMs).ask(subject, 'start'),
      refusal(new RegExp(`had not ended after ${limitMs / 1000} s`)),
    );
  // A killed process takes a moment to end.
  const runs = (): boolean => existsSync(`/proc/${written().trim()}/exe`);
  await until(() => !runs(), 'its child goes on');
});

test('what it leaves in the background is not waited for', options, async () => {
  // It goes on for longer than a hook may.
  put('lxc', `sleep 600 & echo $! >${folder}/out`);
  await hooks.ask(subject, 'start');
  process.kill(Number(written()), 'SIGKILL');
});

test('one that reads nothing of a long document is no fault', options, async () => {
  put('lxc', 'exit 0');
  await hooks.ask({ name: 'a', xml: () => 'x'.repeat(1 << 20) }, 'start');
});

test('one that others can change is refused, and is not run', options, async () => {
  put('lxc', `touch ${folder}/out`);
  chownSync(join(folder, 'lxc'), 1000, 0);
  await assert.rejects(hooks.ask(subject, 'prepare'), refusal(/can be changed by others than root/));
  chownSync(join(folder, 'lxc'), 0, 0);
  chmodSync(join(folder, 'lxc'), 0o777);
  await hooks.tell(subject, 'stopped');
  assert.match(told.join(), /can be changed by others than root/);
  assert.ok(!existsSync(join(folder, 'out')));
});
