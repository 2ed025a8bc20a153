// What a client's document of a storage pool asks for: one that is there, a folder of the host, or one there cannot be.
// SPDX-License-Identifier: Apache-2.0
import type { PoolPermissions } from '@ctvirt/engine';
import { type Finding, parseDocument } from '@ctvirt/xml';
import { refusal } from '../words/refusal.js';

/** As the client wrote it; absent is what it left to us. */
export interface PoolDefinition {
  readonly type: string;
  readonly name: string;
  readonly uuid: string | undefined;
  /** The folder it is to stand for. */
  readonly path: string | undefined;
  /** Of that, when it is made. */
  readonly permissions: PoolPermissions;
}

/** Reads a document of a pool; what is no such document is refused. */
export function readPoolDefinition(xml: string, { strict }: { readonly strict: boolean }): PoolDefinition {
  const { model, findings } = parseDocument('pool', xml, { strict });
  if (model === undefined) throw refusalOf(findings.find(({ severity }) => severity === 'error'));
  const { type, name, uuid, target } = model;
  if (name === undefined) throw refusal('xmlError', 'storage', 'missing name of the storage pool');
  return { type, name, uuid, path: target?.path, permissions: givenPermissions(target?.permissions) };
}

/** What a document says of them; -1 is nobody in particular. */
export function givenPermissions({ mode, owner, group }: PoolPermissions = {}): PoolPermissions {
  const given = (id: number | undefined): number | undefined => (id === -1 ? undefined : id);
  return { mode, owner: given(owner), group: given(group) };
}

function refusalOf(finding: Finding | undefined) {
  const { code, message = 'no pool', found = '', path } = finding ?? {};
  if (code === 'wrong-root')
    return refusal('xmlError', 'storage', `unexpected root element <${found}>, expecting <pool>`);
  if (code === 'missing-attribute' && path === '/pool')
    return refusal('xmlError', 'storage', 'missing type of the storage pool');
  return refusal(path === '/' ? 'xmlDetail' : 'xmlError', 'storage', message);
}

/** A pool there is, as a definition is compared with it. */
export interface PresentPool {
  readonly name: string;
  readonly uuid: string;
  readonly path: string;
}

/** The pool whose document it is, if that is there; what would be two in one is refused. */
export function presentPool<P extends PresentPool>(
  { type, name, uuid, path }: PoolDefinition,
  present: readonly P[],
): P | undefined {
  if (type !== 'dir')
    throw refusal(
      'noSupport',
      'storage',
      `pools are folders of the host, of type 'dir', and not of '${type}'`,
    );
  const folder = path?.replace(/\/+$/, '');
  const byName = present.find((pool) => pool.name === name);
  const byUuid = uuid === undefined ? byName : present.find((pool) => pool.uuid === uuid);
  const taken = byName ?? byUuid;
  if (taken !== undefined && byName !== byUuid)
    throw refusal(
      'operationFailed',
      'storage',
      `pool '${taken.name}' ${byName === undefined ? 'is already defined' : 'already exists'} with uuid ${taken.uuid}`,
    );
  if (byName !== undefined && folder !== undefined && folder !== byName.path)
    throw refusal('operationFailed', 'storage', `pool '${name}' is the folder ${byName.path}`);
  const source = byName === undefined && present.find((pool) => pool.path === folder);
  if (source)
    throw refusal('operationFailed', 'storage', `Storage source conflict with pool: '${source.name}'`);
  return byName;
}
