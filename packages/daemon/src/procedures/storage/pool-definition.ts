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

/** A pool there is, as {@link checkPoolDefinition} compares with it. */
export interface PresentPool {
  readonly name: string;
  readonly uuid: string;
  readonly path: string;
}

/** Answers the pool whose document it is; all others are refused, since nothing of theirs would be done. */
export function definedPool<P extends PresentPool>(wanted: PoolDefinition, present: readonly P[]): P {
  const { uuid } = wanted;
  const byName = present.find(({ name }) => name === wanted.name);
  const byUuid = uuid === undefined ? byName : present.find((pool) => pool.uuid === uuid);
  const taken = byName ?? byUuid;
  if (taken !== undefined && byName !== byUuid)
    throw refusal(
      'operationFailed',
      'storage',
      `pool '${taken.name}' ${byName === undefined ? 'is already defined' : 'already exists'} with uuid ${taken.uuid}`,
    );
  const path = wanted.path?.replace(/\/+$/, '');
  if (wanted.type === 'dir' && byName !== undefined && (path === undefined || path === byName.path))
    return byName;
  const all = present.map(({ name, path: folder }) => `'${name}' in ${folder}`).join(' and ');
  throw refusal('noSupport', 'storage', `the only storage pools are ${all}, of type 'dir'`);
}
