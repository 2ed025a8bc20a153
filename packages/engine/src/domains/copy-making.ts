// A domain that is made of the files of another, wherever they come from.
// SPDX-License-Identifier: Apache-2.0
import { closeSync, constants, openSync } from 'node:fs';
import type { CopiedDomain } from '@ctvirt/api';
import type { Domain } from '@ctvirt/xml';
import { type Packing, unpackLayer } from '../archives/layers.js';
import { forgetIdentityOf } from '../guest/identity.js';
import { fitForContainerAt } from '../guest/made-for-others.js';
import { Undo } from '../host/undo.js';
import type { HostFacts } from '../lifecycle/document.js';
import { outsideOf } from '../lifecycle/outside.js';
import { type Registry, summaryOf } from '../registry/registry.js';
import type { FilesystemSpec } from '../storage/index.js';
import type { RootContext, RootMounts } from '../storage/root-mounts.js';
import type { TemplateCatalog } from '../template-catalog.js';
import { DOMAIN_LIMITS } from '../templates/archive/limits.js';
import type { TarEntry } from '../templates/archive/tar-reader.js';
import type { Definer, Fresh } from './definer.js';
import type { MountParts } from './mounting.js';
import { writingBelow } from './room.js';
import type { Roots } from './roots.js';
import type { StillParts } from './still-files.js';

/** Dependencies of `copyOperations`. */
export interface CopyParts extends Omit<MountParts, 'templates'>, StillParts {
  readonly rootMounts: RootMounts;
  readonly definer: Definer;
  readonly roots: Pick<Roots, 'refuseGiven'>;
  readonly registry: Registry;
  readonly facts: Pick<HostFacts, 'pageSize' | 'hostCpus'>;
  readonly templates: Pick<TemplateCatalog, 'get' | 'ofDigest' | 'treeOf' | 'empty' | 'bring' | 'path'>;
}

export const limits = DOMAIN_LIMITS;

export async function made(
  domain: Domain,
  { fresh, remarks, parts }: { readonly fresh: Fresh; readonly remarks: string[]; readonly parts: CopyParts },
): Promise<CopiedDomain> {
  const { entry, findings } = await parts.definer.define(domain, { persistent: true, fresh });
  return {
    domain: summaryOf(entry),
    findings: [...findings],
    outside: outsideOf(domain),
    remarks,
    frozenMs: null,
  };
}

export async function fillLayer(
  spec: FilesystemSpec,
  context: RootContext,
  entries: AsyncIterable<TarEntry>,
  packing: Packing,
  { rootMounts }: CopyParts,
): Promise<void> {
  await writingBelow(context.keep, async () => {
    await using undo = new Undo();
    await unpackLayer(entries, await rootMounts.openLayer(spec, context, undo), packing);
  });
}

/** Makes its root fit for a container here, as that of a template; returns what was changed. */
export async function fitIn(
  spec: FilesystemSpec,
  context: RootContext,
  parts: Pick<CopyParts, 'rootMounts'>,
): Promise<string[]> {
  return await inRoot(spec, context, parts, fitForContainerAt);
}

/** Takes out of its root what tells it from others, as out of a template. */
export async function forgetIn(
  spec: FilesystemSpec,
  context: RootContext,
  parts: Pick<CopyParts, 'rootMounts'>,
): Promise<void> {
  await inRoot(spec, context, parts, forgetIdentityOf);
}

async function inRoot<T>(
  spec: FilesystemSpec,
  context: RootContext,
  { rootMounts }: Pick<CopyParts, 'rootMounts'>,
  work: (root: number) => Promise<T>,
): Promise<T> {
  return await rootMounts.lend(spec, context, async ({ path, within }) => {
    const root = within(() => openSync(path, constants.O_RDONLY | constants.O_DIRECTORY));
    try {
      return await work(root);
    } finally {
      closeSync(root);
    }
  });
}
