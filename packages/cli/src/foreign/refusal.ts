// A libvirt's errors as the daemon's own, so that a verb's words and exit status are the same for both.
// SPDX-License-Identifier: Apache-2.0
import { ApiError, type ApiErrorCode } from '@ctvirt/api';
import { errorCodes, type RpcError, type RpcErrorCode } from '@ctvirt/rpc';

/** By libvirt's code; others are internal. */
const byNumber = new Map<number, ApiErrorCode>([
  [errorCodes.noDomain, 'not-found'],
  [errorCodes.domExist, 'exists'],
  [errorCodes.operationFailed, 'exists'],
  [errorCodes.operationInvalid, 'wrong-state'],
  [errorCodes.resourceBusy, 'busy'],
  [errorCodes.operationTimeout, 'timeout'],
  [errorCodes.operationDenied, 'denied'],
  [errorCodes.accessDenied, 'denied'],
  [errorCodes.authFailed, 'denied'],
  ...[errorCodes.invalidArg, errorCodes.xmlError, errorCodes.xmlDetail, errorCodes.xmlInvalidSchema].map(
    (code) => [code, 'invalid'] as const,
  ),
  ...[errorCodes.noSupport, errorCodes.configUnsupported, errorCodes.operationUnsupported].map(
    (code) => [code, 'unsupported'] as const,
  ),
  [errorCodes.noConnect, 'unreachable'],
]);

const byCode: Partial<Record<RpcErrorCode, ApiErrorCode>> = {
  connect: 'unreachable',
  closed: 'unreachable',
  auth: 'denied',
  timeout: 'timeout',
  unsupported: 'unsupported',
  invalid: 'invalid',
  malformed: 'bad-answer',
  protocol: 'bad-answer',
};

/** The error of a call, in the daemon's codes and libvirt's words. */
export function toApiError(error: RpcError): ApiError {
  const number = error.details?.code;
  const code = number === undefined ? byCode[error.code] : byNumber.get(number);
  return new ApiError(code ?? 'internal', error.message, {}, { cause: error });
}
