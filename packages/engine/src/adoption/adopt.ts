// Takes containers of other systems over where they lie: defined on their own files, which nothing here changes.
// SPDX-License-Identifier: Apache-2.0

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { AdoptionCandidate, AdoptRequest, AdoptResult } from '@ctvirt/api';
import {
  FormatError,
  formats,
  type NativeUnit,
  type ReadResult,
  type ReportRow,
  startOrderOf,
} from '@ctvirt/formats';
import { type Domain, type Filesystem, formatDomain, isRoot, XmlError } from '@ctvirt/xml';
import type { Definer } from '../domains/definer.js';
import { EngineError } from '../errors.js';
import type { HostFacts } from '../lifecycle/document.js';
import { type Registry, summaryOf } from '../registry/registry.js';
import type { FilesystemKind, Source, Sources } from '../storage/index.js';
import { adoptableFormats, configurationsOf, type NativeConfig, readNativeConfig } from './native-files.js';

/** Dependencies of `Adopter`. */
export interface AdopterParts {
  readonly definer: Definer;
  readonly registry: Pick<Registry, 'byFiles'>;
  readonly sources: Sources;
  readonly facts: HostFacts;
}

/** Makes domains of containers that other systems have run. */
export class Adopter {
  constructor(private readonly parts: AdopterParts) {}

  /** Defines a container on its own files; throws `unsupported` where they cannot be had as they lie. */
  async adopt(
    request: AdoptRequest,
    { dryRun = false }: { readonly dryRun?: boolean } = {},
  ): Promise<AdoptResult> {
    const { format, name } = request;
    const native = readNativeConfig(format, name, request.config);
    if (format === 'lxc') refuseRunning(native.unit);
    const read = this.#read(request, native);
    const domain = withRootIn(read.domain, request);
    const files = this.#filesOf(domain, name);
    const isOpenvz = format === 'openvz';
    const adoption = {
      files,
      autostart: read.autostart === true,
      ...startOrderOf(domain),
      ctid: isOpenvz ? ctidOf(native.unit) : undefined,
      conf: isOpenvz ? native.files.get(native.unit.path)?.text : undefined,
    };
    const told = {
      ...{ name: domain.name, xml: formatDomain(domain), report: read.report },
      sources: sourcesOf(native, read.report),
    };
    if (dryRun) {
      const { findings } = await this.parts.definer.preview(domain, { adoption });
      return { ...told, domain: null, findings };
    }
    const { entry, findings } = await this.parts.definer.define(domain, { persistent: true, adoption });
    return { ...told, domain: summaryOf(entry), findings };
  }

  /** Those that are in the places of their systems, each with what is known against it. */
  async candidates({ below = '' }: { readonly below?: string } = {}): Promise<AdoptionCandidate[]> {
    return adoptableFormats.flatMap((format) =>
      configurationsOf(format, below).map(({ name, config }) => ({
        ...{ format, name, config },
        ...this.#lookAt({ format, name, config }),
      })),
    );
  }

  #lookAt(request: AdoptRequest): Pick<AdoptionCandidate, 'hostname' | 'files' | 'domain' | 'problem'> {
    const { format, name, config } = request;
    let hostname: string | null = null;
    try {
      const native = readNativeConfig(format, name, config);
      const { domain } = this.#read(request, native);
      hostname = domain.hostname ?? null;
      const files = this.#filesOf(domain, name);
      const holder = this.parts.registry.byFiles(files)?.record.name ?? null;
      if (format === 'lxc' && holder === null) refuseRunning(native.unit);
      return { hostname, files, domain: holder, problem: null };
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      return { hostname, files: null, domain: null, problem: error.message };
    }
  }

  #read({ format, name }: AdoptRequest, { files, unit }: NativeConfig): ReadResult {
    const { pageSize, hostCpus } = this.parts.facts;
    try {
      const read = formats[format].read(files, unit, {
        pageSize,
        cpus: hostCpus,
        root: 'private',
        isWhole: true,
      });
      // A file cut short by a full disk must not become a container of mere defaults.
      const isOwn = ({ file, status }: ReportRow): boolean =>
        status !== 'ignored' && (file === unit.path || file.startsWith(`${unit.path}/`));
      if (!read.report.some(isOwn))
        throw new EngineError('invalid', `${unit.path} says nothing of a container`, { path: unit.path });
      return read;
    } catch (cause) {
      if (!(cause instanceof FormatError || cause instanceof XmlError)) throw cause;
      throw new EngineError(
        'invalid',
        `the configuration of '${name}' cannot be read: ${cause.message}`,
        cause instanceof XmlError ? { findings: cause.findings } : {},
        { cause },
      );
    }
  }

  /** Where the root lies, links followed. Refuses what is surely not a container's, before anything is made. */
  #filesOf(domain: Domain, name: string): string {
    const root = domain.devices.filesystems?.find(isRoot);
    const source = root === undefined ? undefined : sourceOf(root);
    if (source === undefined)
      throw new EngineError(
        'unsupported',
        `the files of '${name}' are no directory, image or device: name the directory they are in`,
        { name },
      );
    if (root?.type === 'file' && root.driver?.type === 'ploop') throw ploop(source.path);
    using files = this.#open(source.kind, source.path, name);
    if (source.kind === 'mount') refuseForeign(files);
    return files.path;
  }

  #open(kind: FilesystemKind, source: string, name: string): Source {
    try {
      return this.parts.sources.open({ source, kind, readOnly: false });
    } catch (cause) {
      if (!(cause instanceof EngineError) || cause.code !== 'not-found') throw cause;
      throw new EngineError(
        'not-found',
        `the files of '${name}' are not at ${source}: is their disk mounted?`,
        { path: source },
        { cause },
      );
    }
  }
}

function refuseForeign({ path, fd, is }: Source): void {
  const folder = `/proc/self/fd/${fd}`;
  if (existsSync(join(folder, 'root.hdd/DiskDescriptor.xml'))) throw ploop(path);
  if (is === 'folder' && readdirSync(folder).length === 0)
    throw new EngineError('invalid', `${path} is empty: is its disk mounted?`, { files: path });
}

/** What the report speaks of, the container's own first. */
function sourcesOf({ files, unit }: NativeConfig, report: readonly ReportRow[]): AdoptResult['sources'] {
  const paths = new Set([unit.path, ...report.map(({ file }) => file)]);
  return [...paths].flatMap((path) => {
    const text = files.get(path)?.text;
    return text === undefined ? [] : [{ path, text }];
  });
}

/** OpenVZ 7 knows its containers by UUIDs: here they get a number like all others. */
const ctidOf = ({ name }: NativeUnit): number | undefined => (/^\d+$/.test(name) ? Number(name) : undefined);

/** liblxc's monitor of a running container listens at an abstract address made of the container's folder. */
function refuseRunning({ name, path }: NativeUnit): void {
  const address = `@${dirname(path)}/command`;
  if (
    readFileSync('/proc/net/unix', 'utf8')
      .split('\n')
      .some((line) => line.endsWith(` ${address}`))
  )
    throw new EngineError('in-use', `container '${name}' runs under LXC: stop it there first`, { path });
}

const ploop = (files: string): EngineError =>
  new EngineError(
    'unsupported',
    `${files} is a ploop image, and this kernel has no ploop: copy its files into a directory, and name that with --private`,
    { files },
  );

/** The container on the directory that was named, wherever its configuration has it. */
function withRootIn(domain: Domain, request: AdoptRequest): Domain {
  if (request.private === undefined) return domain;
  if (!request.private.startsWith('/'))
    throw new EngineError(
      'invalid',
      `the path of a container's files begins with a slash: '${request.private}'`,
    );
  const all = domain.devices.filesystems ?? [];
  const old = all.find(isRoot);
  const root: Filesystem = {
    ...(old?.type === 'mount' && old),
    type: 'mount',
    accessmode: 'passthrough',
    source: { dir: request.private },
    target: { dir: '/' },
  };
  return {
    ...domain,
    devices: { ...domain.devices, filesystems: [root, ...all.filter((one) => one !== old)] },
  };
}

function sourceOf(root: Filesystem): { kind: FilesystemKind; path: string } | undefined {
  if (root.type === 'mount') return { kind: 'mount', path: root.source.dir };
  if (root.type === 'file') return { kind: 'file', path: root.source.file };
  return root.type === 'block' ? { kind: 'block', path: root.source.dev } : undefined;
}
