// A layer as a stream of bytes, and back: GNU tar in confinement, with all that a layer has beyond files, and a list to compare.
// SPDX-License-Identifier: Apache-2.0
import { createHash, randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import type { MoveList } from '@ctvirt/api';
import { MOVED_ATTRIBUTES, PACK_CAPABILITIES, PACK_MOVED } from '../archives/tar-options.js';
import { EngineError } from '../errors.js';
import { PATH_MAX } from '../host/complaint.js';
import { isVanished } from '../host/vanished.js';
import { type LayerFiles, withoutAttributes } from '../storage/root-mounts.js';
import { Child, type ExitStatus } from '../templates/archive/child.js';
import { confinedArgv } from '../templates/archive/confined.js';
import { bounds, writeConfined } from '../templates/archive/confined-writer.js';
import { outputOf } from '../templates/archive/output.js';
import type { Changes, Seen, Tree } from './changes.js';

/** Who made a whiteout is nobody inside: that number may have no place here. */
const UNPACK = [
  'sh',
  '-c',
  'tar "$@" && exec find . -type c -exec chown -h 0:0 {} +',
  'sh',
  '--extract',
  '--file=-',
  '--numeric-owner',
  '--same-owner',
  '--same-permissions',
  '--no-selinux',
  '--warning=no-timestamp',
  ...MOVED_ATTRIBUTES,
];
const FIELDS = 5;
const BLOCK = 512;

/** All that is in it, and how many sockets, which nobody keeps; of one that a container writes to, what goes meanwhile may be missing. */
export async function treeOf(
  { path, within }: LayerFiles,
  { isRunning }: Pick<Packing, 'isRunning'>,
): Promise<{ readonly tree: Tree; readonly sockets: number }> {
  const argv = ['find', '/source', '-ignore_readdir_race'];
  argv.push('-printf', '%P\\0%y\\0%i\\0%C@\\0%b\\0');
  const box = { ...bounds, source: path, capabilities: ['CAP_DAC_READ_SEARCH'] };
  await using child = within(() => new Child(confinedArgv(argv, box)));
  const isRight = isRunning ? exceptVanished(child) : undefined;
  const words = await wordsOf(child, argv, isRight);
  const tree = new Map<string, Seen>();
  let sockets = 0;
  for (let at = 0; at + FIELDS <= words.length; at += FIELDS) {
    const [name = '', kind = '', inode = '', changed = '', blocks = ''] = words.slice(at, at + FIELDS);
    if (kind === 's') sockets++;
    else tree.set(name, { kind, inode, changedMs: Number(changed) * 1000, bytes: Number(blocks) * BLOCK });
  }
  return { tree, sockets };
}

/** One that tar could not pack. */
export function deepPathIn(tree: Tree): string | undefined {
  const deep = [...tree.keys()].find((path) => path.length + BELOW.length >= PATH_MAX);
  return deep && `/${Buffer.from(deep, 'latin1').toString()}`;
}

/** What stands before each path where it is packed. */
const BELOW = './';

/** Writes to the disk what was changed by way of memory: the next such change has a time then. */
export async function synced({ path, within }: LayerFiles): Promise<void> {
  await using child = within(() => new Child(['/bin/sync', '-f', path]));
  const argv = child.argv;
  for await (const _ of outputOf(child, { failed: "the domain's files could not be synced", argv }));
}

/** How an archive is made. */
export interface Packing {
  /** Whether the container writes to it meanwhile: what goes or changes then is no failure. */
  readonly isRunning: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** What takes another tree from one list to the next: what is to be removed there, which folders are made anew, and an archive. */
export async function* packed(
  { path, within }: LayerFiles,
  { names, gone, afresh }: Changes,
  { isRunning, signal }: Packing,
): AsyncGenerator<Buffer> {
  for (const list of [gone, afresh]) {
    const bytes = bytesOf(list);
    const length = Buffer.alloc(LENGTH);
    length.writeBigUInt64BE(BigInt(bytes.length));
    yield length;
    yield bytes;
  }
  const argv = [...PACK_MOVED, ...(isRunning ? ['--ignore-failed-read'] : [])];
  argv.push('--no-recursion', '--null', '--files-from=-');
  const box = { ...bounds, source: path, capabilities: PACK_CAPABILITIES };
  await using child = within(() => new Child(confinedArgv(argv, box), { signal }));
  const fed = child.feed(Readable.from([bytesOf(names)]));
  const isRight = (status: ExitStatus): boolean => status === 0 || (isRunning && status === CHANGED);
  yield* outputOf(child, { failed: "tar could not pack the domain's files", argv, signal, isRight });
  await fed;
}

/** `find` complained of nothing but what went while it ran. */
function exceptVanished(child: Child): (status: ExitStatus) => boolean {
  let isKnown = true;
  child.onComplaint((lines) => {
    isKnown &&= isVanished(lines);
  });
  return (status) => status === 0 || (status === 1 && isKnown);
}

/** Of tar: a file changed while it was read. */
const CHANGED = 1;
const LENGTH = 8;

const bytesOf = (names: readonly string[]): Buffer =>
  Buffer.from(names.map((name) => `${BELOW}${name}\0`).join(''), 'latin1');

/** Moves what is in each folder to a new one in its place. */
const AFRESH = `for folder; do
  [ -d "$folder" ] && [ ! -L "$folder" ] || continue
  mkdir "$0" && find "$folder" -mindepth 1 -maxdepth 1 -exec mv -t "$0" -- {} + && rmdir "$folder" && mv -T "$0" "$folder" || exit 1
done`;

/** Into a layer that was just made, or that has what the pass before brought. */
export async function unpacked(lent: LayerFiles, bytes: AsyncIterable<Buffer>): Promise<void> {
  const source = new Pieces(bytes);
  const failed = "tar could not unpack the domain's files";
  for (const command of [
    ['rm', '-rf', '--'],
    ['sh', '-c', AFRESH, `./.${randomUUID()}`],
  ]) {
    const length = await source.length();
    // Mostly: and what runs in confinement takes several programs to start.
    if (length === 0) continue;
    const argv = ['xargs', '--null', ...command];
    await writeConfined(lent, argv, { bytes: source.take(length), failed });
  }
  // It is always among what is unpacked.
  withoutAttributes(lent);
  await writeConfined(lent, UNPACK, { bytes: source.rest(), failed });
  for await (const _ of source.rest());
}

/** Takes out all that came before. */
export async function emptied(lent: LayerFiles): Promise<void> {
  const argv = ['find', '.', '-mindepth', '1', '-maxdepth', '1', '-exec', 'rm', '-rf', '--', '{}', '+'];
  await writeConfined(lent, argv, {
    bytes: Readable.from([]),
    failed: 'what came before could not be removed',
  });
}

/** A stream of bytes, read in parts of known length. */
class Pieces {
  readonly #pieces: AsyncIterator<Buffer>;
  #left: Buffer = Buffer.alloc(0);

  constructor(bytes: AsyncIterable<Buffer>) {
    this.#pieces = bytes[Symbol.asyncIterator]();
  }

  async length(): Promise<number> {
    const parts: Buffer[] = [];
    for await (const part of this.take(LENGTH)) parts.push(part);
    return Number(Buffer.concat(parts).readBigUInt64BE());
  }

  async *take(count: number): AsyncGenerator<Buffer> {
    for (let wanted = count; wanted > 0; ) {
      const piece = await this.#next();
      if (piece === undefined) throw new EngineError('invalid', "the domain's files end too early");
      const part = piece.subarray(0, wanted);
      this.#left = piece.subarray(part.length);
      wanted -= part.length;
      yield part;
    }
  }

  async *rest(): AsyncGenerator<Buffer> {
    for (let piece = await this.#next(); piece !== undefined; piece = await this.#next()) yield piece;
  }

  async #next(): Promise<Buffer | undefined> {
    const piece = this.#left;
    this.#left = Buffer.alloc(0);
    if (piece.length > 0) return piece;
    const next = await this.#pieces.next();
    return next.done === true ? undefined : next.value;
  }
}

/** A line for each file; what overlay made to hide others is nobody's. */
const SHORT = '%P\\t%y\\t%l\\t%m\\t%U\\t%G';
const LONG = `${SHORT}\\t%s`;

export async function listed(lent: LayerFiles, target: string): Promise<MoveList> {
  return { target, ...(await listOf(lent, `${LONG}\\t%T@`)) };
}

/** Of a template's tree, whose times are in whole seconds where it is unpacked. */
export const listedTree = (path: string): Promise<Listed> =>
  listOf({ path, within: (start) => start() }, LONG);

type Listed = Pick<MoveList, 'files' | 'hash'>;

async function listOf({ path, within }: LayerFiles, line: string): Promise<Listed> {
  const argv = [
    'find',
    '/source',
    '-mindepth',
    '1',
    '-type',
    's',
    '-o',
    '-type',
    'c',
    '-printf',
    '%P\\tc\\0',
  ];
  // A folder's length is its file system's own.
  argv.push('-o', '-type', 'f', '-printf', `${line}\\0`, '-o', '-printf', `${SHORT}\\0`);
  const box = { ...bounds, source: path, capabilities: ['CAP_DAC_READ_SEARCH'] };
  await using child = within(() => new Child(confinedArgv(argv, box)));
  const lines = (await wordsOf(child, argv)).sort();
  const hash = createHash('sha256').update(lines.join('\0'), 'latin1').digest('hex');
  return { files: lines.length, hash };
}

/** What it writes, each word's end a zero. Names are bytes, whatever they mean to somebody. */
async function wordsOf(
  child: Child,
  argv: readonly string[],
  isRight?: (status: ExitStatus) => boolean,
): Promise<string[]> {
  const pieces: Buffer[] = [];
  const failed = "the domain's files could not be listed";
  for await (const piece of outputOf(child, { failed, argv, ...(isRight && { isRight }) }))
    pieces.push(piece);
  return Buffer.concat(pieces).toString('latin1').split('\0').slice(0, -1);
}
