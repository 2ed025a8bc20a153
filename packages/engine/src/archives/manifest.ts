// The first member of a domain's archive: what is in it, and what is not.
// SPDX-License-Identifier: Apache-2.0
import type { OutsideSource } from '@ctvirt/api';
import { refuse } from '../templates/archive/errors.js';
import { Fields, parseJson } from '../templates/image/json.js';

/** What an archive says of itself. */
export interface Manifest {
  readonly name: string;
  readonly uuid: string;
  readonly ctid: number | null;
  /** RFC 3339, when it was written. */
  readonly createdAt: string;
  readonly autostart: boolean;
  /** Whether it ran before: then what it is known by is its own. */
  readonly hasRun: boolean;
  readonly hostname: string;
  /** The first id of its files, and how many there are. */
  readonly ids: { readonly base: number; readonly count: number };
  readonly layers: readonly ArchivedLayer[];
  /** Those in the archive, below `template/0` and so on. */
  readonly templates: readonly ArchivedTemplate[];
  /** Folders of the host that are in it, below `mount/KEY`. */
  readonly mounts: readonly ArchivedMount[];
  /** What the domain has of its host, and the archive has not. */
  readonly outside: readonly OutsideSource[];
}

/** One layer, and what it lies above. */
export interface ArchivedLayer {
  /** The folder below `layer/` in the archive. */
  readonly key: string;
  readonly target: string;
  /** Archives of earlier versions say nothing of its tree. */
  readonly template: { readonly name: string; readonly digest: string; readonly tree?: string };
}

/** A template that the archive brings along. */
export interface ArchivedTemplate {
  readonly name: string;
  /** Of what it was made of where it was made. */
  readonly digest: string;
  /** Of its tree, as it is in the archive. */
  readonly tree: string;
}

/** A folder of the host, as the container has it. */
export interface ArchivedMount {
  readonly key: string;
  readonly source: string;
  readonly target: string;
}

const FORMAT = 'ctvirt-domain';
const VERSION = 1;
/** As `keyOf` of storage makes them. */
const KEY = /^[A-Za-z0-9_%-]{1,255}$/;

export const formatManifest = (manifest: Manifest): Buffer =>
  Buffer.from(`${JSON.stringify({ format: FORMAT, version: VERSION, ...manifest }, undefined, 2)}\n`);

/** Throws `invalid` for what none is, `unsupported` for one of a later version. */
export function parseManifest(bytes: Buffer): Manifest {
  const fields = new Fields(parseJson(bytes, 'the manifest'), 'the manifest');
  if (fields.textOr('format') !== FORMAT) throw refuse('format', 'the archive is none of a domain');
  const version = fields.size('version');
  if (version !== VERSION)
    throw refuse('format', `the archive is of version ${version}: this ctvirt reads ${VERSION}`);
  const ids = fields.object('ids');
  const layers = fields.objects('layers').map((layer) => {
    const template = layer.object('template');
    const key = keyIn(layer);
    return {
      key,
      target: layer.text('target'),
      template: {
        name: template.text('name'),
        digest: template.text('digest'),
        ...(template.has('tree') && { tree: template.text('tree') }),
      },
    };
  });
  if (new Set(layers.map(({ key }) => key)).size !== layers.length)
    throw refuse('duplicate', 'the manifest has a layer twice');
  return {
    name: fields.text('name'),
    uuid: fields.text('uuid'),
    ctid: fields.has('ctid') ? fields.size('ctid') : null,
    createdAt: fields.text('createdAt'),
    autostart: fields.flag('autostart'),
    hasRun: fields.flag('hasRun'),
    hostname: fields.text('hostname'),
    ids: { base: ids.size('base'), count: ids.size('count') },
    layers,
    mounts: !fields.has('mounts')
      ? []
      : fields
          .objects('mounts')
          .map((one) => ({ key: keyIn(one), source: one.text('source'), target: one.text('target') })),
    templates: !fields.has('templates')
      ? []
      : fields.objects('templates').map((one) => ({
          name: one.text('name'),
          digest: one.text('digest'),
          tree: one.text('tree'),
        })),
    outside: fields.objects('outside').map((one) => ({
      kind: one.text('kind'),
      source: one.text('source'),
      target: one.has('target') ? one.text('target') : null,
    })),
  };
}

function keyIn(fields: Fields): string {
  const key = fields.text('key');
  if (!KEY.test(key)) throw refuse('bad-name', `the manifest has a key ${JSON.stringify(key)}`);
  return key;
}
