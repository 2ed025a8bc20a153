// Archives of containers that others wrote: vzdump's, of OpenVZ and of Proxmox VE, and exports of Incus and LXD.
// SPDX-License-Identifier: Apache-2.0
import {
  type ArchivedContainer,
  containerIn,
  FormatError,
  type IncusIndex,
  type ReadArchived,
  readIncus,
  readIncusIndex,
  readPct,
  readVps,
} from '@ctvirt/formats';
import { XmlError } from '@ctvirt/xml';
import { EngineError } from '../errors.js';
import { refuse } from '../templates/archive/errors.js';
import { within } from '../templates/archive/layer-inspect.js';
import { show } from '../templates/archive/tar-header.js';
import type { TarEntry } from '../templates/archive/tar-reader.js';
import { smallFile } from './read.js';

/** What such an archive says of its container, and how its files are had. */
export interface ForeignArchive {
  /** Who wrote it. */
  readonly by: string;
  readonly read: (options: ReadArchived) => ArchivedContainer;
  /** Whether files of the root were passed before the configuration was found: they are had by reading it again. */
  readonly isLate: boolean;
  /** The members of its root, by their paths in it; what is no part of that is told. */
  readonly root: (entries: AsyncIterable<TarEntry>, tell: Tell) => AsyncGenerator<TarEntry>;
}

type Tell = (remark: string) => void;

const VZDUMP = 'etc/vzdump';
const INDEX = 'backup/index.yaml';
const CONTAINER = 'backup/container/';
const ROOT = `${CONTAINER}rootfs/`;

/** Reads as far as it takes to know what the container is; throws `invalid` for what is none of these archives. */
export async function readForeign(entries: AsyncIterable<TarEntry>, first: string): Promise<ForeignArchive> {
  const found = first === INDEX ? await readIncusHead(entries) : await readVzdumpHead(entries);
  if (found !== undefined) return found;
  throw refuse(
    'format',
    `the archive is none of a domain: it begins with ${show(first)}, and has no configuration of vzdump's`,
  );
}

async function readVzdumpHead(entries: AsyncIterable<TarEntry>): Promise<ForeignArchive | undefined> {
  let isLate = false;
  for await (const entry of entries) {
    const path = entry.parts.join('/');
    if (path === `${VZDUMP}/pct.conf` || path === `${VZDUMP}/vps.conf`) {
      const text = (await smallFile(entry, path)).toString('utf8');
      const isPct = path.endsWith('pct.conf');
      const read = isPct ? readPct : readVps;
      return {
        by: isPct ? 'Proxmox VE' : 'OpenVZ',
        read: (options) => soundly(path, () => read(text, path, options)),
        isLate,
        root: vzdumpRoot,
      };
    }
    isLate ||= path !== VZDUMP && !path.startsWith(`${VZDUMP}/`);
  }
  return undefined;
}

async function* vzdumpRoot(entries: AsyncIterable<TarEntry>, tell: Tell): AsyncGenerator<TarEntry> {
  for await (const entry of entries) {
    const path = entry.parts.join('/');
    if (path === VZDUMP || path.startsWith(`${VZDUMP}/`)) {
      const name = path.slice(VZDUMP.length + 1);
      // The configuration itself was read; what stands beside it is scripts that OpenVZ runs on the host, and rules of a firewall.
      if (entry.member?.kind === 'file' && !/^(?:vps|pct)\.conf$/.test(name))
        tell(`${show(path)} is left out: it is the host's, and nothing here runs or obeys it`);
    } else yield entry;
  }
}

async function readIncusHead(entries: AsyncIterable<TarEntry>): Promise<ForeignArchive> {
  let index: IncusIndex | undefined;
  for await (const entry of entries) {
    const path = entry.parts.join('/');
    if (path === INDEX) {
      const text = (await smallFile(entry, path)).toString('utf8');
      index = soundly(path, () => readIncusIndex(text, path));
      refuseOthers(index);
      if (index.container !== undefined) return incusArchive(index, index.container, path);
    } else if (path === `${CONTAINER}backup.yaml` && index !== undefined) {
      const text = (await smallFile(entry, path)).toString('utf8');
      return incusArchive(
        index,
        soundly(path, () => containerIn(text, path)),
        path,
      );
    } else if (`${path}/`.startsWith(ROOT)) break;
  }
  throw refuse('format', `neither ${INDEX} nor ${CONTAINER}backup.yaml says what the container is`);
}

function refuseOthers({ name, type, isOptimized }: IncusIndex): void {
  if (isOptimized)
    throw new EngineError(
      'unsupported',
      `'${name}' was exported with --optimized-storage: its files are in the form of Incus' own storage, which nothing else reads; export it without that`,
    );
  if (type !== 'container')
    throw new EngineError('unsupported', `'${name}' is a ${type} of Incus, and no container`);
}

function incusArchive(
  index: IncusIndex,
  container: Parameters<typeof readIncus>[0],
  path: string,
): ForeignArchive {
  return {
    by: 'Incus',
    read: (options) => soundly(path, () => readIncus(container, index.snapshots, path, options)),
    isLate: false,
    root: incusRoot,
  };
}

async function* incusRoot(entries: AsyncIterable<TarEntry>, tell: Tell): AsyncGenerator<TarEntry> {
  let templates = 0;
  for await (const entry of entries) {
    const path = entry.parts.join('/');
    if (`${path}/`.startsWith(ROOT)) yield within(ROOT, entry);
    else if (path.startsWith(`${CONTAINER}templates/`)) templates++;
    else if (!path.startsWith('backup/')) throw refuse('format', `${show(path)} is no part of an export`);
  }
  if (templates > 0) tell(`${templates} templates of files, which Incus fills at events, are left out`);
}

/** What a format has against a text is told as the archive's fault. */
function soundly<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof FormatError || cause instanceof XmlError)) throw cause;
    throw new EngineError(
      'invalid',
      `${path} of the archive cannot be read: ${cause.message}`,
      {},
      { cause },
    );
  }
}

/** Without what no container of ours can have been given: marks of an overlay that ran in it, and device files. */
export async function* asLayer(entries: AsyncIterable<TarEntry>, tell: Tell): AsyncGenerator<TarEntry> {
  let [devices, marks] = [0, 0];
  for await (const entry of entries) {
    const { member, ...rest } = entry;
    if (member === undefined) devices++;
    else if (member.kind === 'whiteout') marks++;
    if (member?.kind === 'whiteout') yield { ...rest, member: undefined };
    else if (member?.opaque === true) {
      marks++;
      const { opaque: _opaque, ...plain } = member;
      yield { ...rest, member: plain };
    } else yield entry;
  }
  if (devices > 0) tell(`${devices} device files are left out: a container gets its /dev when it starts`);
  if (marks > 0)
    tell(`${marks} marks of overlays within the container are left out: what they hid there is seen again`);
}
