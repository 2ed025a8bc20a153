// Mounts in a running container, and the other way: a file system or a device of the host, as its start would have given it.
// SPDX-License-Identifier: Apache-2.0
import { closeSync } from 'node:fs';
import { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { getSystemErrorName } from 'node:util';
import { containerGone, EngineError } from '../errors.js';
import { hasEnded } from '../host/processes.js';
import { refusalOf } from '../host/refusal.js';
import { type Spawned, spawnProgram } from '../host/spawn.js';
import { openPipe } from '../host/syscalls.js';
import type { Container } from './attach.js';
import { callNumbers } from './calls.js';
import { mountProgram } from './mount-program.js';
import { memoryOf, PERL, packed } from './request.js';

/** Whose mounts. */
export type Entered = Pick<Container, 'initPid' | 'initTicks'>;

/** What is at a place, as the host's kernel numbers it: a file by device and inode, or a device file by its own number. */
export type Found = { readonly dev: bigint; readonly ino: bigint } | { readonly rdev: bigint } | 'anything';

/** What may keep it waiting is the container's doing. */
const WAIT_MS = 10_000;

let programFd: number | undefined;

/** Mounts what lies at `name` in `folder`, where the calling thread's mounts are, at a path inside; what is missing of that is made. */
export async function mountInside(
  container: Entered,
  what: { readonly folder: string; readonly name: string; readonly target: string; readonly isFile: boolean },
  start: (begin: () => Spawned) => Spawned,
): Promise<void> {
  await ask(
    container,
    ['mount', what.folder, what.name, what.target],
    { isfile: Number(what.isFile), isdevice: 0 },
    start,
  );
}

/** Whether that is what lies at the path inside. */
export async function isInside(container: Entered, target: string, what: Found): Promise<boolean> {
  const found = await look('look', container, target, what);
  return what === 'anything' || found === wordsOf(what);
}

/** Takes away what is mounted there, if it is that; throws `in-use` while a program inside has it open. */
export async function unmountInside(container: Entered, target: string, what: Found): Promise<void> {
  await look('unmount', container, target, what);
}

const ANYTHING = '*';

function wordsOf(what: Found): string {
  if (what === 'anything') return ANYTHING;
  return 'rdev' in what ? String(what.rdev) : `${what.dev} ${what.ino}`;
}

async function look(
  verb: 'look' | 'unmount',
  container: Entered,
  target: string,
  what: Found,
): Promise<string | undefined> {
  const isDevice = what !== 'anything' && 'rdev' in what;
  const facts = { isfile: 0, isdevice: Number(isDevice) };
  return /^found (.*)$/.exec(
    await ask(container, [verb, '', wordsOf(what), target], facts, (begin) => begin()),
  )?.[1];
}

async function ask(
  container: Entered,
  words: readonly [verb: string, folder: string, name: string, target: string],
  more: Readonly<Record<'isfile' | 'isdevice', number>>,
  start: (begin: () => Spawned) => Spawned,
): Promise<string> {
  const { initPid, initTicks } = container;
  const facts = { init: initPid, ticks: initTicks, ...more };
  programFd ??= memoryOf('mounts', Buffer.from(mountProgram));
  const request = memoryOf(
    'mounts request',
    packed([packed(Object.entries(callNumbers()).flat()), packed(Object.entries(facts).flat()), ...words]),
  );
  const told = openPipe();
  const stdio = [undefined, undefined, undefined, programFd, request, told.write];
  let helper: Spawned;
  try {
    helper = start(() => spawnProgram([PERL, '/proc/self/fd/3'], { env: {}, stdio }));
  } catch (error) {
    closeSync(told.read);
    throw error;
  } finally {
    closeSync(request);
    closeSync(told.write);
  }
  const said = await answerOf(helper, told.read);
  if (said === 'ok' || said?.startsWith('found ') === true) return said;
  if (hasEnded(initPid, initTicks)) throw containerGone();
  throw refused(said, words[3]);
}

/** Undefined if it says nothing in time. */
async function answerOf(helper: Spawned, fd: number): Promise<string | undefined> {
  const stream = new Socket({ fd, readable: true, writable: false });
  const late = new AbortController();
  void sleep(WAIT_MS, undefined, { signal: late.signal, ref: false }).then(
    () => {
      helper.kill('SIGKILL');
      stream.destroy();
    },
    () => undefined, // it has answered in time
  );
  let said = '';
  try {
    for await (const chunk of stream.setEncoding('utf8')) said += chunk;
  } catch {
    return undefined; // too late
  } finally {
    late.abort();
  }
  await helper.ended;
  return said;
}

function refused(said: string | undefined, target: string): EngineError {
  if (said === undefined)
    return new EngineError(
      'timeout',
      `nothing could be mounted at ${target} within ${WAIT_MS / 1000} s: something in the container holds it up`,
    );
  const [errno = '0', ...step] = said.split(' ');
  const name = Number(errno) === 0 ? 'unknown' : getSystemErrorName(-Number(errno));
  const details = { step: step.join(' ') };
  if (details.step === 'unmount' && name === 'EBUSY')
    return new EngineError('in-use', `programs in the container use ${target}: end them first`, {
      path: target,
    });
  if (details.step === 'mount' && ['EINVAL', 'ENOTDIR', 'ELOOP'].includes(name))
    return new EngineError(
      'invalid',
      `nothing can be mounted at ${target} in the container: there is a link, or a file in the place of a folder`,
      { path: target },
    );
  const what = `the mounts of the container cannot be changed at ${target}: ${details.step === '' ? 'the helper ended' : details.step}`;
  return (
    refusalOf(name, what, details) ??
    new EngineError('host-command', `${what}: ${name}`, details, { errno: name })
  );
}
