// libvirt's errors between wire and RpcError.
// SPDX-License-Identifier: Apache-2.0
import { type LibvirtErrorDetails, RpcError } from './errors.js';
import { decodePayload } from './frame.js';
import { errorCodes, errorDomains } from './protocol/numbers.js';
import { remoteError } from './protocol/objects.js';
import type { Infer } from './xdr.js';

type WireError = Infer<typeof remoteError>;

const errorLevel = 2;

/** An error to answer a call with: `details` takes names of `errorCodes` and `errorDomains`. */
export function libvirtError(
  code: keyof typeof errorCodes,
  domain: keyof typeof errorDomains,
  message: string,
  extra: Partial<Pick<LibvirtErrorDetails, 'str1' | 'str2' | 'str3' | 'int1' | 'int2'>> = {},
): RpcError {
  return new RpcError('libvirt', message, {
    details: {
      code: errorCodes[code],
      domain: errorDomains[domain],
      level: errorLevel,
      str1: '%s',
      str2: message,
      str3: null,
      int1: -1,
      int2: -1,
      ...extra,
    },
  });
}

/** What clients take for "this server does not have it": libvirt.so turns it into its no-support error. */
export function unknownProcedure(number: number): RpcError {
  return libvirtError('rpc', 'rpc', `unknown procedure: ${number}`, {
    str1: 'unknown procedure: %d',
    str2: null,
  });
}

/** Never without message and never with code 0: some clients take those for success. */
export function toWire(error: RpcError): WireError {
  const details = error.details ?? libvirtError('rpc', 'rpc', error.message).details;
  return {
    code: errorCodes.internalError,
    domain: errorDomains.rpc,
    level: errorLevel,
    str1: null,
    str2: null,
    str3: null,
    int1: -1,
    int2: -1,
    ...details,
    message: error.message === '' ? 'unknown error' : error.message.replaceAll('\0', ''),
    dom: null,
    net: null,
  };
}

/** An unknown procedure becomes the no-support code, as it does in libvirt's own client. */
export function fromWire(payload: Buffer): RpcError {
  const { message, code, domain, level, str1, str2, str3, int1, int2 } = decodePayload(remoteError, payload);
  const text = message ?? 'the server gave no reason';
  const isUnknown = code === errorCodes.rpc && text.startsWith('unknown procedure');
  const details = { domain, level, str1, str2, str3, int1, int2 };
  return new RpcError('libvirt', text, {
    details: { code: isUnknown ? errorCodes.noSupport : code, ...details },
  });
}
