// A layer as a stream of bytes, and back: GNU tar in confinement, with all that a layer has beyond files, and a list to compare.
// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import type { MoveList } from '@ctvirt/api';
import { EngineError } from '../errors.js';
import type { LentLayer } from '../storage/layer-lent.js';
import { Child } from '../templates/archive/child.js';
import { confinedArgv } from '../templates/archive/confined.js';
import { DEFAULT_LIMITS } from '../templates/archive/limits.js';
import { outputOf } from '../templates/archive/output.js';

/** Overlay keeps names of another file system's inodes: none of them is right elsewhere. XFS shows lists of rights twice. */
const leftOut = [
  ...['origin', 'uuid', 'impure', 'nlink', 'upper', 'protattr'].map((name) => `trusted.overlay.${name}`),
  'trusted.SGI_*',
  'security.selinux',
];
const ATTRIBUTES = [
  '--xattrs',
  '--xattrs-include=*',
  ...leftOut.map((name) => `--xattrs-exclude=${name}`),
  '--acls',
];
const PACK = ['tar', '--create', '--file=-', '--format=pax', '--numeric-owner', '--sparse', ...ATTRIBUTES];
const UNPACK = [
  'tar',
  '--extract',
  '--file=-',
  '--numeric-owner',
  '--same-owner',
  '--same-permissions',
  '--no-selinux',
  '--warning=no-timestamp',
  ...ATTRIBUTES,
];
// Which folder hides what is below stands in an attribute that only who administers a file system sees.
const READING = ['CAP_DAC_READ_SEARCH', 'CAP_SYS_ADMIN'];
const WRITING = ['CAP_CHOWN', 'CAP_DAC_OVERRIDE', 'CAP_FOWNER', 'CAP_FSETID', 'CAP_SETFCAP', 'CAP_SYS_ADMIN'];
const { memoryBytes } = DEFAULT_LIMITS;
const bounds = { cpuSeconds: 24 * 3600, memoryBytes, fileBytes: Number.MAX_SAFE_INTEGER };

/** All of it; ends only if all was read. */
export async function* packed({ path, within }: LentLayer, signal?: AbortSignal): AsyncGenerator<Buffer> {
  const argv = [...PACK, '--directory=/source', '.'];
  const box = { ...bounds, source: path, capabilities: READING };
  await using child = within(() => new Child(confinedArgv(argv, box), { signal }));
  yield* outputOf(child, { failed: "tar could not pack the domain's files", argv, signal });
}

/** Into a layer that was just made. */
export async function unpacked({ path, within }: LentLayer, bytes: AsyncIterable<Buffer>): Promise<void> {
  const box = { ...bounds, target: path, capabilities: WRITING };
  {
    await using child = within(() => new Child(confinedArgv(UNPACK, box)));
    await child.feed(bytes);
    const status = await child.ended;
    if (status !== 0)
      throw new EngineError('host-command', `tar could not unpack the domain's files: ${child.complaint}`, {
        argv: UNPACK,
        status,
        stderr: child.complaint,
      });
  }
  // Who made a whiteout is nobody inside: that number may have no place here.
  const argv = ['find', '.', '-type', 'c', '-exec', 'chown', '-h', '0:0', '{}', '+'];
  await using child = within(() => new Child(confinedArgv(argv, box)));
  for await (const _ of outputOf(child, { failed: 'whiteouts could not be given to root', argv }));
}

/** A line for each file; what overlay made to hide others is nobody's. */
const LINE = '%P\\t%y\\t%m\\t%U\\t%G\\t%s\\t%T@\\t%l\\0';
const SHORT = '%P\\t%y\\t%l\\t%m\\t%U\\t%G\\0';

export async function listed({ path, within }: LentLayer, target: string): Promise<MoveList> {
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
  argv.push('-o', '-type', 'f', '-printf', LINE, '-o', '-printf', SHORT);
  const box = { ...bounds, source: path, capabilities: ['CAP_DAC_READ_SEARCH'] };
  await using child = within(() => new Child(confinedArgv(argv, box)));
  const pieces: Buffer[] = [];
  for await (const piece of outputOf(child, { failed: "the domain's files could not be listed", argv }))
    pieces.push(piece);
  // Names are bytes, whatever they mean to somebody.
  const lines = Buffer.concat(pieces).toString('latin1').split('\0').slice(0, -1).sort();
  const hash = createHash('sha256').update(lines.join('\0'), 'latin1').digest('hex');
  return { target, files: lines.length, hash };
}
