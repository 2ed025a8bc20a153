// Folders of the host and device files of a container, while it runs: those that go and come.
// SPDX-License-Identifier: Apache-2.0
import { fstatSync, statSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import type { Domain } from '@ctvirt/xml';
import { type Entered, type Found, isInside, mountInside, unmountInside } from '../../../attach/mounts.js';
import { EngineError } from '../../../errors.js';
import { type MountEntry, mountsOf } from '../../../host/mountinfo.js';
import { PrivateMounts } from '../../../host/private-mounts.js';
import { liesIn, placeAt } from '../../../host/trail.js';
import { Undo } from '../../../host/undo.js';
import type { UserNamespacePool } from '../../../host/userns.js';
import { devicesOf, filesystemsOf, idMapOf, ownMap } from '../../../lifecycle/document.js';
import type { EngineLog } from '../../../log.js';
import type { Layout } from '../../../state/layout.js';
import type { DomainRecord } from '../../../state/record.js';
import type { DomainStore } from '../../../state/store.js';
import { backends, type FilesystemSpec, type OpenContext, type Sources } from '../../../storage/index.js';
import { OWN_SOURCE, openDevices } from './devices.js';
import { exchangeSteps, type Step } from './step.js';

/** What opening takes. */
export interface MountParts {
  readonly layout: Layout;
  readonly store: DomainStore;
  readonly namespaces: UserNamespacePool;
  readonly sources: Sources;
  readonly templatePath: (name: string) => string;
  readonly log: EngineLog;
}

interface Target {
  readonly record: DomainRecord;
  readonly run: Entered;
}

/** What of a file system its mount depends on; limits are another facet. */
const mountOf = ({ kind, source, target, readOnly, options }: FilesystemSpec) => ({
  ...{ kind, source, target, readOnly, options },
});

/** Folders and files of the host, but for a root. */
const sharedOf = (domain: Domain): FilesystemSpec[] =>
  filesystemsOf(domain).filter(({ kind, target }) => kind === 'mount' && target !== '/');

export function filesystemSteps(from: Domain, to: Domain, target: Target, parts: MountParts): Step[] {
  const [old, next] = [sharedOf(from), sharedOf(to)];
  return exchangeSteps(missing(old, next, mountOf), missing(next, old, mountOf), {
    add: (spec) =>
      opened(to, target, parts, async (context, undo) => {
        const { path, root } = await backends[spec.kind].open(spec, context, undo);
        await mounted(target.run, context.mounts, {
          path,
          target: spec.target,
          isFile: !fstatSync(root).isDirectory(),
        });
      }),
    remove: async (spec) => {
      const isIt = mountIs(spec);
      await unmountInside(target.run, spec.target, sourceOf(spec));
      lookAtRest(spec.target, isIt, { target, to, log: parts.log });
    },
    isThere: (spec) => isInside(target.run, spec.target, sourceOf(spec)),
  });
}

export function deviceSteps(from: Domain, to: Domain, target: Target, parts: MountParts): Step[] {
  const [old, next] = [devicesOf(from), devicesOf(to)];
  const same = (path: string): string => path;
  return exchangeSteps(missing(old, next, same), missing(next, old, same), {
    add: (path) =>
      opened(to, target, parts, async (context) => {
        for (const device of openDevices([path], context))
          await mounted(target.run, context.mounts, { ...device, isFile: true });
      }),
    remove: async (path) => {
      const node = mountsOf(target.run.initPid).find(
        (one) => one.target === path && one.source === OWN_SOURCE,
      );
      await unmountInside(target.run, path, numberOf(path));
      const isIt = ({ device, root }: MountEntry): boolean => device === node?.device && root === node.root;
      lookAtRest(path, isIt, { target, to, log: parts.log });
    },
    isThere: (path) => isInside(target.run, path, numberOf(path)),
  });
}

/** Whether a mount in a container is of a file system's folder or file, or of something below it. */
function mountIs({ source }: FilesystemSpec): (mount: MountEntry) => boolean {
  const place = placeAt(source);
  return ({ device, root }) => place !== undefined && liesIn({ device, path: root }, place);
}

/**
 * What the container's programs have made of a mount that was taken away: one that they have hidden is there still, and what they have
 * of it elsewhere is theirs until they end.
 */
function lookAtRest(
  at: string,
  isIt: (mount: MountEntry) => boolean,
  { target: { record, run }, to, log }: { target: Target; to: Domain } & Pick<MountParts, 'log'>,
): void {
  const left = mountsOf(run.initPid).filter(isIt);
  if (left.some(({ target }) => target === at))
    throw new EngineError(
      'in-use',
      `something else is mounted over ${at} in the container: unmount that there first`,
      { path: at },
    );
  const said = new Set(filesystemsOf(to).map(({ target }) => target));
  const kept = left.map(({ target }) => target).filter((target) => !said.has(target));
  if (kept.length === 0) return;
  const { name } = record;
  log(
    'warn',
    `domain '${name}': ${at} is taken away, but its programs have mounted the same at ${kept.join(', ')}: they have it until they unmount it, or end`,
    { domain: name },
  );
}

const missing = <T>(some: readonly T[], others: readonly T[], by: (one: T) => unknown): T[] =>
  some.filter((one) => !others.some((other) => isDeepStrictEqual(by(one), by(other))));

/** As a start opens them, among mounts of the moment. */
async function opened(
  domain: Domain,
  { record }: Target,
  parts: MountParts,
  work: (context: OpenContext, undo: Undo) => Promise<void>,
): Promise<void> {
  const { layout, store, log } = parts;
  const { name } = record;
  using mounts = PrivateMounts.open(layout.mounts);
  await using undo = new Undo();
  await work(
    {
      ...parts,
      keep: store.rootFolder(name),
      layerOf: store.layersOf(name),
      limitOf: ({ limit }) => limit,
      mounts,
      map: idMapOf(domain, record),
      shifted: ownMap(domain) !== undefined,
      furnish: () => undefined,
      tell: (remarks) => {
        for (const remark of remarks) log('warn', `domain '${name}': ${remark}`, { domain: name });
      },
    },
    undo,
  );
}

async function mounted(
  run: Entered,
  mounts: PrivateMounts,
  { path, target, isFile }: { readonly path: string; readonly target: string; readonly isFile: boolean },
): Promise<void> {
  const { folder } = mounts;
  const name = path.slice(folder.length + 1);
  await mountInside(run, { folder, name, target, isFile }, (begin) => mounts.within(begin));
}

/** A folder or file has its numbers wherever it is mounted; one that is gone from its place on the host has them nowhere to be read. */
function sourceOf({ source }: FilesystemSpec): Found {
  const found = statSync(source, { bigint: true, throwIfNoEntry: false });
  return found === undefined ? 'anything' : { dev: found.dev, ino: found.ino };
}

function numberOf(path: string): Found {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  return { rdev: found?.rdev ?? 0n };
}
