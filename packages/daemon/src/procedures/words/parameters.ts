// Typed parameters as rows: each a field of a document under the name, type and default clients know it by.
// SPDX-License-Identifier: Apache-2.0
import type { DomainSummary } from '@ctvirt/api';
import { type Engine, isFault } from '@ctvirt/engine';
import type { TypedParam, TypedValue } from '@ctvirt/rpc';
import type { Domain } from '@ctvirt/xml';
import { type Affected, affectedBy, stringFlag } from './affect.js';
import { refusal } from './refusal.js';

interface Row<T extends TypedValue['type'], V> {
  readonly field: string;
  readonly type: T;
  /** The value a document states or stands for; of a running domain what is enforced. */
  readonly read: (domain: Domain, isLive: boolean) => V;
  readonly write: (domain: Domain, value: V) => Domain;
  /** It has no effect before the next start. */
  readonly onlyStored?: boolean;
}

/** A parameter; numbers are plain here and 64-bit ones big on the wire. */
export type Parameter = Row<'int' | 'uint' | 'ullong' | 'llong', number> | Row<'string', string>;

/** A parameter by its wire type: 64-bit numbers become big. */
export function typedParam(
  field: string,
  type: 'int' | 'uint' | 'ullong' | 'llong',
  value: number,
): TypedParam {
  return type === 'int' || type === 'uint'
    ? { field, type, value }
    : { field, type, value: BigInt(Math.round(value)) };
}

function parameterOf(row: Parameter, domain: Domain, isLive: boolean): TypedParam {
  return row.type === 'string'
    ? { field: row.field, type: 'string', value: row.read(domain, isLive) }
    : typedParam(row.field, row.type, row.read(domain, isLive));
}

/**
 * The values of a document, at most as many as asked for; asked for none, clients want to know how many there are.
 * A client that does not take strings gets none.
 */
export function readParameters(
  rows: readonly Parameter[],
  domain: Domain,
  asked: { readonly isLive: boolean; readonly nparams: number; readonly flags: number },
): { params: TypedParam[]; nparams: number } {
  if (asked.nparams === 0) return { params: [], nparams: rows.length };
  const known = rows.filter(({ type }) => type !== 'string' || (asked.flags & stringFlag) !== 0);
  const params = known
    .slice(0, Math.max(0, asked.nparams))
    .map((row) => parameterOf(row, domain, asked.isLive));
  return { params, nparams: params.length };
}

/** Of what is no document's: clients ask twice, with 0 for the number of values, then for that many. */
export function counted<T>(all: () => T[], nparams: number, width: number): { params: T[]; nparams: number } {
  if (nparams === 0) return { params: [], nparams: width };
  const params = all().slice(0, nparams);
  return { params, nparams: params.length };
}

type Edit = (domain: Domain) => Domain;

/** What one parameter of a client changes in a document; refused if the rows do not know it or it has another type. */
function editOf(rows: readonly Parameter[], param: TypedParam, affected: Affected): Edit {
  const row = rows.find(({ field }) => field === param.field);
  if (row === undefined) throw refusal('invalidArg', 'none', `parameter '${param.field}' not supported`);
  if (row.type !== param.type)
    throw refusal(
      'invalidArg',
      'none',
      `invalid type '${param.type}' for parameter '${param.field}', expected '${row.type}'`,
    );
  if (affected.live && row.onlyStored === true)
    throw refusal('operationUnsupported', 'domain', `'${param.field}' takes effect at the next start only`);
  if (row.type === 'string') return (domain) => row.write(domain, String(param.value));
  const value = Number(param.value);
  return (domain) => row.write(domain, value);
}

/** Changes a domain by a client's parameters: all of them or none. */
export async function writeParameters(
  engine: Engine,
  domain: DomainSummary,
  rows: readonly Parameter[],
  change: { readonly params: readonly TypedParam[]; readonly flags: number; readonly name: string },
): Promise<Affected> {
  const affected = affectedBy(change.flags, domain, change.name, stringFlag);
  const edits = change.params.map((param) => editOf(rows, param, affected));
  await amend(engine, domain, affected, (before) =>
    withoutEmpty(edits.reduce((document, edit) => edit(document), before)),
  );
  return affected;
}

/** Whether nothing is said in it. */
export const isEmpty = (model: object): boolean =>
  Object.values(model).every(
    (value) => value === undefined || (typeof value === 'object' && value !== null && isEmpty(value)),
  );

/** Whoever takes back all that was set gets the document that was there before, as from libvirt. */
function withoutEmpty({ blkiotune, memtune, cputune, numatune, ...others }: Domain): Domain {
  const said = { blkiotune, memtune, cputune, numatune };
  const kept = Object.entries(said).filter(([, model]) => model !== undefined && !isEmpty(model));
  return { ...others, ...Object.fromEntries(kept) };
}

/** Changes a document; values that do not fit it are the client's fault, not the document's. */
export async function amend(
  engine: Engine,
  { uuid }: DomainSummary,
  affected: Affected,
  edit: Parameters<Engine['amend']>[2],
): Promise<void> {
  try {
    await engine.amend(uuid, affected, edit);
  } catch (error) {
    // A disk that is not there is no domain that is not there.
    const isAbsentDisk = isFault(error, 'not-found') && error.details.path !== undefined;
    if (isAbsentDisk || isFault(error, 'invalid')) throw refusal('invalidArg', 'domain', error.message);
    if (isFault(error, 'unsupported')) throw refusal('operationUnsupported', 'domain', error.message);
    throw error;
  }
}
