// Errors in libvirt's words: the text each of its codes begins with, and the refusals several procedures share.
// SPDX-License-Identifier: Apache-2.0
import { type errorCodes, type errorDomains, libvirtError, type RpcError } from '@ctvirt/rpc';

/** Our name of a virErrorNumber. */
export type ErrorName = keyof typeof errorCodes;
/** Our name of a virErrorDomain: the part of libvirt that an error seems to come from. */
export type ErrorDomainName = keyof typeof errorDomains;

/** What libvirt puts before the detail of an error; clients and scripts look for some of these. */
const openings: Partial<Record<ErrorName, string>> = {
  internalError: 'internal error',
  noSupport: 'this function is not supported by the connection driver',
  operationFailed: 'operation failed',
  invalidArg: 'invalid argument',
  xmlError: 'XML error',
  operationDenied: 'operation forbidden',
  noDomain: 'Domain not found',
  noNetwork: 'Network not found',
  noStoragePool: 'Storage pool not found',
  noStorageVol: 'Storage volume not found',
  noNodeDevice: 'Node device not found',
  noInterface: 'Interface not found',
  noNwfilter: 'Network filter not found',
  noNwfilterBinding: 'Network filter binding not found',
  noSecret: 'Secret not found',
  noDomainSnapshot: 'Domain snapshot not found',
  noDomainCheckpoint: 'Domain checkpoint not found',
  noDomainMetadata: 'metadata not found',
  noNetworkMetadata: 'metadata not found',
  noNetworkPort: 'network port not found',
  noHostname: 'no hostname found',
  operationInvalid: 'Requested operation is not valid',
  configUnsupported: 'unsupported configuration',
  operationTimeout: 'Timed out during operation',
  argumentUnsupported: 'argument unsupported',
  operationUnsupported: 'Operation not supported',
  resourceBusy: 'resource busy',
  deviceMissing: 'device not found',
  xmlInvalidSchema: 'XML document failed to validate against schema',
};

/** An error whose text is the code's opening and a detail. */
export function refusal(code: ErrorName, domain: ErrorDomainName, detail: string): RpcError {
  const opening = openings[code];
  if (opening === undefined) return libvirtError(code, domain, detail);
  return libvirtError(code, domain, `${opening}: ${detail}`, { str1: `${opening}: %s`, str2: detail });
}

/** Refuses flags that a procedure does not know, so that no client takes a wish for granted. */
export function checkFlags(flags: number, known: number, procedure: string): void {
  const unknown = flags & ~known;
  if (unknown === 0) return;
  const name = procedure.slice(0, 1).toUpperCase() + procedure.slice(1);
  throw libvirtError(
    'invalidArg',
    'domain',
    `unsupported flags (0x${(unknown >>> 0).toString(16)}) in function vir${name}`,
  );
}
