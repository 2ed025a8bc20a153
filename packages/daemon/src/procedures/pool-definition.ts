// What a client's document of a storage pool asks for: the pool of the templates as it is, or one there cannot be.
// SPDX-License-Identifier: Apache-2.0
import { parseDomain } from '@ctvirt/xml';
import { refusal } from './refusal.js';

export interface PoolDefinition {
  readonly type: string;
  readonly name: string | undefined;
  readonly uuid: string | undefined;
  /** The folder it is to stand for. */
  readonly path: string | undefined;
}

const textOf = (xml: string, element: string): string | undefined =>
  new RegExp(`<${element}>\\s*([^<]*?)\\s*</${element}>`).exec(xml)?.[1];

/** Reads a document of a pool as far as it is told from others; what is no such document is refused. */
export function readPoolDefinition(xml: string): PoolDefinition {
  // Only the reader is wanted: it knows well what is no XML, and takes a pool for a strange domain.
  const broken = parseDomain(xml).findings.find(({ code }) => code === 'syntax');
  if (broken !== undefined) throw refusal('xmlDetail', 'storage', broken.message);
  // Sources have names of their own.
  const plain = xml.replace(/<!--[\s\S]*?-->|<\?[\s\S]*?\?>|<source>[\s\S]*?<\/source>/g, '');
  const [, root = '', attributes = ''] = /^\s*<([^\s/>]+)([^>]*)>/.exec(plain) ?? [];
  if (root !== 'pool')
    throw refusal('xmlError', 'storage', `unexpected root element <${root}>, expecting <pool>`);
  const type = /\stype\s*=\s*(['"])(.*?)\1/.exec(attributes)?.[2] ?? '';
  const name = textOf(plain, 'name');
  if (type === '' || name === undefined || name === '')
    throw refusal('xmlError', 'storage', `missing ${type === '' ? 'type' : 'name'} of the storage pool`);
  return { type, name, uuid: textOf(plain, 'uuid')?.toLowerCase(), path: textOf(plain, 'path') };
}

/** The pool there is, as {@link checkPoolDefinition} compares with it. */
export interface PresentPool {
  readonly name: string;
  readonly uuid: string;
  readonly path: string;
}

/** Passes for a document of the pool there is; all others are refused, since nothing of theirs would be done. */
export function checkPoolDefinition(wanted: PoolDefinition, present: PresentPool): void {
  const { name, uuid } = present;
  if (wanted.uuid !== undefined && (wanted.name === name) !== (wanted.uuid === uuid))
    throw refusal(
      'operationFailed',
      'storage',
      wanted.name === name
        ? `pool '${name}' already exists with uuid ${uuid}`
        : `pool '${name}' is already defined with uuid ${uuid}`,
    );
  const path = wanted.path?.replace(/\/+$/, '');
  if (wanted.type === 'dir' && wanted.name === name && (path === undefined || path === present.path)) return;
  throw refusal(
    'noSupport',
    'storage',
    `the templates in ${present.path} are the only storage pool, '${name}' of type 'dir'`,
  );
}
