// The one error class of this package.
// SPDX-License-Identifier: Apache-2.0

/**
 * Why a call, a connection or a decoding failed.
 *
 * - `libvirt`: the peer answered with an error of libvirt's own; `details` holds its numbers
 * - `malformed`: received bytes do not follow the protocol's shapes
 * - `invalid`: a value handed in does not fit the protocol
 * - `too-large`: a frame, string or list exceeds the protocol's limits
 * - `protocol`: the peer broke the order of messages
 * - `closed`: the connection or stream is gone
 * - `connect`: no connection could be made
 * - `auth`: the server demands an authentication that is not available or was refused
 * - `timeout`: the peer fell silent
 * - `unsupported`: a URI, transport or feature this package does not offer
 * - `overflow`: a reader of events fell too far behind
 */
export type RpcErrorCode =
  | 'libvirt'
  | 'malformed'
  | 'invalid'
  | 'too-large'
  | 'protocol'
  | 'closed'
  | 'connect'
  | 'auth'
  | 'timeout'
  | 'unsupported'
  | 'overflow';

/** libvirt's error as it travels: numbers from `errorCodes` and `errorDomains`, level 2 is an error. */
export interface LibvirtErrorDetails {
  code: number;
  domain: number;
  level: number;
  str1: string | null;
  str2: string | null;
  str3: string | null;
  int1: number;
  int2: number;
}

/** Every failure this package reports; `details` is set exactly when `code` is `libvirt`. */
export class RpcError extends Error {
  override readonly name = 'RpcError';
  readonly code: RpcErrorCode;
  readonly details: LibvirtErrorDetails | undefined;

  constructor(
    code: RpcErrorCode,
    message: string,
    options: { cause?: unknown; details?: LibvirtErrorDetails } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details;
  }
}
