// What a client's document of a storage pool asks for: the pool of the templates as it is, or one there cannot be.
// SPDX-License-Identifier: Apache-2.0
import { type Finding, parseDocument } from '@ctvirt/xml';
import { refusal } from '../words/refusal.js';

/** As the client wrote it; absent is what it left to us. */
export interface PoolDefinition {
  readonly type: string;
  readonly name: string;
  readonly uuid: string | undefined;
  /** The folder it is to stand for. */
  readonly path: string | undefined;
}

/** Reads a document of a pool; what is no such document is refused. */
export function readPoolDefinition(xml: string): PoolDefinition {
  const { model, findings } = parseDocument('pool', xml);
  if (model === undefined) throw refusalOf(findings.find(({ severity }) => severity === 'error'));
  const { type, name, uuid, target } = model;
  if (name === undefined) throw refusal('xmlError', 'storage', 'missing name of the storage pool');
  return { type, name, uuid, path: target?.path };
}

function refusalOf(finding: Finding | undefined) {
  const { code, message = 'no pool', found = '', path } = finding ?? {};
  if (code === 'wrong-root')
    return refusal('xmlError', 'storage', `unexpected root element <${found}>, expecting <pool>`);
  if (code === 'missing-attribute' && path === '/pool')
    return refusal('xmlError', 'storage', 'missing type of the storage pool');
  return refusal(path === '/' ? 'xmlDetail' : 'xmlError', 'storage', message);
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
