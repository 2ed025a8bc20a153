// The only table from the engine's error codes to libvirt's numbers, HTTP and exit statuses.
// SPDX-License-Identifier: Apache-2.0
import { type ErrorBody, type ErrorCode, errorTable } from '@ctvirt/api';
import { type EngineCode, EngineError } from '@ctvirt/engine';
import type { Finding } from '@ctvirt/xml';

interface Mapping {
  /** virErrorNumber and virErrorDomain, as virterror.h numbers them. */
  readonly libvirt: { readonly code: number; readonly domain: number };
  readonly httpStatus: number;
  readonly exitStatus: number;
}

const libvirt = (code: number, domain = 17) => ({ code, domain });
// The HTTP contract owns its statuses, since clients print and exit by them; here they meet libvirt's.
const mapping = (code: ErrorCode, numbers: Mapping['libvirt']): Mapping => ({
  libvirt: numbers,
  httpStatus: errorTable[code].httpStatus,
  exitStatus: errorTable[code].exitStatus,
});

/** What each engine code is called elsewhere. */
export const errorMapping = {
  'not-found': mapping('not-found', libvirt(42)),
  exists: mapping('exists', libvirt(9, 20)),
  'in-use': mapping('in-use', libvirt(55)),
  busy: mapping('busy', libvirt(87)),
  invalid: mapping('invalid', libvirt(27, 20)),
  unsupported: mapping('unsupported', libvirt(67)),
  denied: mapping('denied', libvirt(29)),
  'no-space': mapping('no-space', libvirt(38)),
  'over-quota': mapping('over-quota', libvirt(38)),
  'wrong-state': mapping('wrong-state', libvirt(55)),
  'host-command': mapping('host-command', libvirt(1)),
  timeout: mapping('timeout', libvirt(68)),
  interrupted: mapping('interrupted', libvirt(9)),
  internal: mapping('internal', libvirt(1)),
} as const satisfies Record<EngineCode, Mapping>;

/** An error as the HTTP contract tells it. A programming fault's message stays in the log: it helps no client. */
export function toErrorBody(error: unknown): { status: number; body: ErrorBody } {
  if (!(error instanceof EngineError))
    return { status: 500, body: { code: 'internal', message: "internal error, see the daemon's log" } };
  const { findings, ...details } = error.details;
  return {
    status: errorMapping[error.code].httpStatus,
    body: {
      code: error.code,
      message: error.message,
      ...(Object.keys(details).length > 0 && { details: toPlain(details) }),
      ...(isFindings(findings) && { findings }),
    },
  };
}

/** Details as JSON carries them: an engine may put in what JSON has no form for, and that must not cost the answer. */
function toPlain(details: Readonly<Record<string, unknown>>): Record<string, unknown> {
  try {
    const text = JSON.stringify(details, (_, value) => {
      if (typeof value === 'bigint') return String(value);
      return value instanceof Error ? value.message : value;
    });
    return JSON.parse(text);
  } catch {
    return {}; // Circular: code and message still tell what happened.
  }
}

const isFindings = (value: unknown): value is readonly Finding[] =>
  Array.isArray(value) &&
  value.every((item) => typeof item === 'object' && item !== null && 'message' in item);
