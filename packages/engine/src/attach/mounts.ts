// Mounts in a running container, and the other way: a file system or a device of the host, as its start would have given it.
// SPDX-License-Identifier: Apache-2.0
import { containerGone, EngineError } from '../errors.js';
import { isLeaving } from '../host/processes.js';
import type { Spawned } from '../host/spawn.js';
import type { Container } from './attach.js';
import { begin, refused, saidOn, spawnHelper, tooLate } from './helper.js';
import { mountProgram } from './mount-program.js';
import { memoryOf, requestOf } from './request.js';

/** Whose mounts. */
export type Entered = Pick<Container, 'initPid' | 'initTicks'>;

/** What is at a place, as the host's kernel numbers it: a file by device and inode, or a device file by its own number. */
export type Found = { readonly dev: bigint; readonly ino: bigint } | { readonly rdev: bigint } | 'anything';

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
  const target = words[3];
  programFd ??= memoryOf('mounts', Buffer.from(mountProgram));
  const facts = { init: initPid, ticks: initTicks, ...more };
  const { opened: helper, told } = begin(programFd, requestOf(facts, words), (held) =>
    start(() => spawnHelper([undefined, undefined, undefined, ...held])),
  );
  const said = await saidOn(told);
  if (said === undefined) helper.kill('SIGKILL');
  await helper.ended;
  if (said === 'ok' || said?.startsWith('found ') === true) return said;
  if (isLeaving(initPid, initTicks)) throw containerGone();
  throw said === undefined
    ? tooLate(`the mounts of the container were not changed at ${target}`)
    : refused(said, `the mounts of the container cannot be changed at ${target}`, (step, errno) =>
        inTheWay(step, errno, target),
      );
}

/** What is there instead of a place to mount on, or who is in there. */
function inTheWay(step: string, errno: string, path: string): EngineError | undefined {
  if (step === 'unmount' && errno === 'EBUSY')
    return new EngineError('in-use', `programs in the container use ${path}: end them first`, { path });
  if (['mount', 'target'].includes(step) && ['EINVAL', 'EEXIST', 'ENOTDIR', 'ELOOP'].includes(errno))
    return new EngineError(
      'invalid',
      `nothing can be mounted at ${path} in the container: there is a link, or a file in the place of a folder`,
      { path },
    );
  return undefined;
}
