// Templates that a domain on its way stands on: found at the other host by their digests, or sent there once.
// SPDX-License-Identifier: Apache-2.0
import { Readable } from 'node:stream';
import type { MoveOffer, MoveRequest, MoveStream } from '@ctvirt/api';
import { formatDomain } from '@ctvirt/xml';
import type { MoveTarget, Watched } from '../contract.js';
import { EngineError, isFault } from '../errors.js';
import { readStored } from '../lifecycle/stored-document.js';
import { withTemplates } from '../lifecycle/template-names.js';
import type { KeyedQueue } from '../state/queue.js';
import type { TemplateCatalog } from '../template-catalog.js';
import { EMPTY, emptyDigest } from '../templates/empty.js';
import { listedTree } from './layer-stream.js';
import { paced } from './pace.js';

type Catalog = Pick<
  TemplateCatalog,
  'get' | 'path' | 'ofDigest' | 'known' | 'treeOf' | 'record' | 'packed' | 'takeOver'
>;
/** What a stream announces that brings a template. */
export type TemplateStream = Extract<MoveStream, { readonly template: string }>;

/** A document on the templates of this host. */
export interface Placed {
  readonly xml: string;
  /** Names of those that have to come first, as the other host calls them and as they are going to be called here. */
  readonly lacking: ReadonlyMap<string, string>;
}

/** Throws `exists` where another template has the name of one that is to come. Who only looks makes none, not even the empty one. */
export async function placedHere(
  { xml, layers }: MoveOffer,
  templates: Catalog,
  { isLook = false }: { readonly isLook?: boolean } = {},
): Promise<Placed> {
  const names = new Map<string, string>();
  const lacking = new Map<string, string>();
  for (const { target, template, digest, tree } of layers) {
    const same = isLook
      ? await templates.known(digest, template, tree)
      : await templates.ofDigest(digest, template, tree);
    const name = same?.name ?? (digest === emptyDigest ? EMPTY : nameHere(template));
    names.set(target, name);
    if (same !== undefined || digest === emptyDigest) continue;
    await refuseOther(name, digest, templates);
    lacking.set(template, name);
  }
  return { xml: formatDomain(withTemplates(readStored(xml, 'offer'), names)), lacking };
}

/** What is an earlier one where it comes from is none of a newer one here. */
const nameHere = (template: string): string => template.replaceAll('~', '-');

async function refuseOther(name: string, digest: string, templates: Catalog): Promise<void> {
  const other = await templates.get(name).catch((error: unknown) => {
    if (isFault(error, 'not-found')) return undefined;
    throw error;
  });
  if (other === undefined) return;
  throw new EngineError(
    'exists',
    `template '${name}' is another one there, ${other.digest} where it should be ${digest}: rename it, and the right one is sent`,
    { name },
  );
}

/** Sends one with its record, and a list of its files to compare. */
export async function sendTemplate(
  job: string,
  template: string,
  {
    target,
    templates,
    options: { signal, onProgress, bytesPerSecond },
  }: {
    readonly target: MoveTarget;
    readonly templates: Catalog;
    readonly options: Watched & Pick<MoveRequest, 'bytesPerSecond'>;
  },
): Promise<void> {
  const { digest, unpackedBytes } = await templates.get(template);
  const list = await listedTree(templates.path(template));
  const record = await templates.record(template);
  let done = 0;
  const counted = async function* () {
    for await (const piece of paced(templates.packed(template, signal), bytesPerSecond, signal)) {
      done += piece.length;
      onProgress?.({ phase: `sending template ${template}`, done, total: Math.max(done, unpackedBytes) });
      yield piece;
    }
  };
  const stream = { job, template, digest, record, ...list };
  await target.send(stream, Readable.from(counted(), { objectMode: false }));
}

/**
 * It is imported as any archive is, and has to be what its list says; its digest is what the other host says. Of those that several
 * bring at once the first one is taken.
 */
export async function receiveTemplate(
  { template, digest, record, files, hash }: TemplateStream,
  bytes: Readable,
  { queue, templates }: { readonly queue: KeyedQueue; readonly templates: Catalog },
): Promise<void> {
  // No domain is called so.
  return await queue.run(`template/${nameHere(template)}`, async () => {
    if ((await templates.ofDigest(digest, template)) === undefined)
      return await takeOver({ template, record, files, hash }, bytes, templates);
    for await (const _ of bytes);
  });
}

async function takeOver(
  { template, record, files, hash }: Omit<TemplateStream, 'job' | 'digest'>,
  bytes: Readable,
  templates: Catalog,
): Promise<void> {
  await templates.takeOver(nameHere(template), record, bytes, async (root) => {
    const found = await listedTree(root);
    if (found.files === files && found.hash === hash) return;
    throw new EngineError(
      'invalid',
      `not all of template '${template}' came as it was: ${found.files} files of ${files}`,
      { name: template },
    );
  });
}
