// The host's memory: the merging of equal pages, and pages of each size, free and set aside.
// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { pageSize } from '@ctvirt/engine';
import type { TypedParam } from '@ctvirt/rpc';
import type { Bind } from '../session.js';
import { counted, typedParam } from '../words/parameters.js';
import { checkFlags, refusal } from '../words/refusal.js';

/** Of the merging of equal pages, by the file that tells it; those this kernel has not are left out. */
const sharing = [
  ['shm_pages_to_scan', 'uint', 'pages_to_scan', true],
  ['shm_sleep_millisecs', 'uint', 'sleep_millisecs', true],
  ['shm_pages_shared', 'ullong', 'pages_shared', false],
  ['shm_pages_sharing', 'ullong', 'pages_sharing', false],
  ['shm_pages_unshared', 'ullong', 'pages_unshared', false],
  ['shm_pages_volatile', 'ullong', 'pages_volatile', false],
  ['shm_full_scans', 'ullong', 'full_scans', false],
  ['shm_merge_across_nodes', 'uint', 'merge_across_nodes', true],
] as const;
const sharingFile = (name: string): string => `/sys/kernel/mm/ksm/${name}`;

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

const sharingParameters = (): TypedParam[] =>
  sharing.flatMap(([field, type, file]) => {
    const text = readIfThere(sharingFile(file));
    return text === undefined ? [] : [typedParam(field, type, Number(text))];
  });

/** Where a parameter goes and what is written there; refused if it is none a client may set, or this kernel has it not. */
function sharingChange({ field, type, value }: TypedParam): { path: string; text: string } {
  const row = sharing.find(([name, , , isSettable]) => isSettable && name === field);
  if (row === undefined) throw refusal('argumentUnsupported', 'none', `parameter '${field}' not supported`);
  const [, wanted, file] = row;
  if (type !== wanted)
    throw refusal(
      'invalidArg',
      'none',
      `invalid type '${type}' for parameter '${field}', expected '${wanted}'`,
    );
  const path = sharingFile(file);
  if (readIfThere(path) === undefined)
    throw refusal('operationInvalid', 'none', `Parameter '${file}' is not supported by this kernel`);
  return { path, text: String(value) };
}

/** Writes where the kernel listens; what it does not take is the client's to know. */
function writeSetting(path: string, text: string): void {
  try {
    writeFileSync(path, text);
  } catch (error) {
    throw refusal('operationFailed', 'none', `'${text}' cannot be written to ${path}: ${String(error)}`);
  }
}

const hugePages = '/sys/kernel/mm/hugepages';
const ordinaryKiB = pageSize / 1024;

/** Sizes of this host's pages in KiB, the ordinary ones first. */
export function pageSizesKiB(): number[] {
  let names: string[] = [];
  try {
    names = readdirSync(hugePages);
  } catch {
    // this kernel has no other pages
  }
  const huge = names.map((name) => Number(/^hugepages-(\d+)kB$/.exec(name)?.[1])).filter((size) => size > 0);
  return [ordinaryKiB, ...huge.sort((a, b) => a - b)];
}

const hugeFile = (sizeKiB: number, file: string): string => `${hugePages}/hugepages-${sizeKiB}kB/${file}`;

function freePages(sizeKiB: number): bigint {
  if (sizeKiB === ordinaryKiB) {
    const [, free = '0'] = /^MemFree:\s+(\d+) kB$/m.exec(readFileSync('/proc/meminfo', 'utf8')) ?? [];
    return BigInt(free) / BigInt(ordinaryKiB);
  }
  const text = readIfThere(hugeFile(sizeKiB, 'free_hugepages'));
  if (text === undefined)
    throw refusal('operationFailed', 'none', `page size ${sizeKiB} is not available on node 0`);
  return BigInt(text);
}

/** The host is told as one node, 0. */
function checkCells(startCell: number): void {
  if (startCell > 0) throw refusal('internalError', 'none', `start cell ${startCell} out of range (0-0)`);
}

/** virNodeAllocPagesFlags: without it pages are added to those there are. */
const setFlag = 1;

/** Sets pages of one size aside; true if the kernel found as many. */
function setAside(sizeKiB: number, count: bigint, isAbsolute: boolean): boolean {
  if (sizeKiB === ordinaryKiB)
    throw refusal('operationUnsupported', 'none', "system pages pool can't be modified");
  const path = hugeFile(sizeKiB, 'nr_hugepages');
  const before = readIfThere(path);
  if (before === undefined) throw refusal('operationFailed', 'none', `page size ${sizeKiB} is not available`);
  const wanted = isAbsolute ? count : BigInt(before) + count;
  writeSetting(path, String(wanted));
  return BigInt(readFileSync(path, 'utf8')) === wanted;
}

/** What /sys/kernel/mm tells and takes, in pages; all memory is said to be of node 0. */
export const bindNodeMemory: Bind = () => ({
  nodeGetMemoryParameters: ({ nparams }) => counted(sharingParameters, nparams, sharing.length),
  nodeSetMemoryParameters({ params, flags }, { name }) {
    checkFlags(flags, 0, name);
    for (const { path, text } of params.map(sharingChange)) writeSetting(path, text);
  },
  nodeGetFreePages({ pages, startCell, cellCount, flags }, { name }) {
    checkFlags(flags, 0, name);
    checkCells(startCell);
    return { counts: cellCount === 0 ? [] : pages.map(freePages) };
  },
  nodeAllocPages({ pageSizes, pageCounts, startCell, flags }, { name }) {
    checkFlags(flags, setFlag, name);
    checkCells(startCell);
    const done = pageSizes.filter((size, at) =>
      setAside(size, pageCounts[at] ?? 0n, (flags & setFlag) !== 0),
    );
    return { ret: done.length };
  },
});
