// The only table from the engine's error codes to libvirt's numbers, HTTP and exit statuses.
// SPDX-License-Identifier: Apache-2.0
import { type ErrorBody, type ErrorCode, errorTable } from '@ctvirt/api';
import { type AnyDetails, type EngineCode, EngineError, isFault } from '@ctvirt/engine';
import type { RpcError } from '@ctvirt/rpc';
import type { Finding } from '@ctvirt/xml';
import { type ErrorDomainName, type ErrorName, refusal } from './procedures/words/refusal.js';

interface Mapping {
  /** Names of libvirt's error code and domain; `driver` is the domain of the connection's own driver. */
  readonly libvirt: { readonly code: ErrorName; readonly domain: ErrorDomainName | 'driver' };
  readonly httpStatus: number;
  readonly exitStatus: number;
}

const libvirt = (code: ErrorName, domain: ErrorDomainName | 'driver' = 'driver') => ({ code, domain });
// The HTTP contract owns its statuses, since clients print and exit by them; here they meet libvirt's.
const mapping = (code: ErrorCode, numbers: Mapping['libvirt']): Mapping => ({
  libvirt: numbers,
  httpStatus: errorTable[code].httpStatus,
  exitStatus: errorTable[code].exitStatus,
});

/** What each engine code is called elsewhere. */
export const errorMapping = {
  'not-found': mapping('not-found', libvirt('noDomain')),
  exists: mapping('exists', libvirt('operationFailed', 'domain')),
  'in-use': mapping('in-use', libvirt('operationInvalid')),
  busy: mapping('busy', libvirt('resourceBusy')),
  invalid: mapping('invalid', libvirt('xmlError', 'domain')),
  unsupported: mapping('unsupported', libvirt('configUnsupported')),
  denied: mapping('denied', libvirt('operationDenied')),
  'no-space': mapping('no-space', libvirt('systemError')),
  'over-quota': mapping('over-quota', libvirt('systemError')),
  overcommitted: mapping('overcommitted', libvirt('operationFailed')),
  'wrong-state': mapping('wrong-state', libvirt('operationInvalid', 'domain')),
  changed: mapping('changed', libvirt('operationInvalid')),
  'host-command': mapping('host-command', libvirt('internalError')),
  timeout: mapping('timeout', libvirt('operationTimeout')),
  interrupted: mapping('interrupted', libvirt('operationFailed')),
  internal: mapping('internal', libvirt('internalError')),
} as const satisfies Record<EngineCode, Mapping>;

/** An error as libvirt's clients know it, its text in libvirt's words. */
export function toLibvirtError(error: EngineError, driver: ErrorDomainName): RpcError {
  const { code, domain } = libvirtNumbers(error);
  return refusal(code, domain === 'driver' ? driver : domain, libvirtWords(error));
}

/** The same of what was asked of a network: none of it is a domain's, whatever its driver. */
export function toNetworkError(error: EngineError): RpcError {
  const code = isFault(error, 'not-found') ? 'noNetwork' : libvirtNumbers(error).code;
  return refusal(code, 'network', error.message);
}

/** The same of network filters. */
export function toNwfilterError(error: EngineError): RpcError {
  const code = isFault(error, 'not-found') ? 'noNwfilter' : libvirtNumbers(error).code;
  return refusal(code, 'nwfilter', error.message);
}

/** The same of storage pools and volumes: what is not found is a file or a domain by then. */
export function toStorageError(error: EngineError): RpcError {
  if (isFault(error, 'not-found')) return refusal('systemError', 'storage', error.message);
  if (isFault(error, 'invalid')) return refusal('invalidArg', 'storage', error.message);
  return refusal(libvirtNumbers(error).code, 'storage', error.message);
}

/** Scripts look for what libvirt says of a domain that is off, which names none. */
const libvirtWords = (error: EngineError): string =>
  isFault(error, 'wrong-state') && error.details.state === 'shutoff'
    ? 'domain is not running'
    : error.message;

/** A document that is no XML at all has a code of its own. */
function libvirtNumbers(error: EngineError): Mapping['libvirt'] {
  const isBroken = isFault(error, 'invalid') && error.details.findings?.[0]?.code === 'syntax';
  return isBroken ? libvirt('xmlDetail', 'domain') : errorMapping[error.code].libvirt;
}

/** An error as the HTTP contract tells it. A programming fault's message stays in the log: it helps no client. */
export function toErrorBody(error: unknown): { status: number; body: ErrorBody } {
  if (!(error instanceof EngineError))
    return { status: 500, body: { code: 'internal', message: "internal error, see the daemon's log" } };
  const { findings, ...more }: AnyDetails & { readonly findings?: readonly Finding[] } = error.details;
  const details = error.errno === undefined ? more : { ...more, errno: error.errno };
  return {
    status: errorMapping[error.code].httpStatus,
    body: {
      code: error.code,
      message: error.message,
      ...(Object.keys(details).length > 0 && { details }),
      ...(findings !== undefined && { findings }),
    },
  };
}
