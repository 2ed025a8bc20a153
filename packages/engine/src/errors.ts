// The engine's one error class: a stable code for programs, a sentence for people, the cause always kept.
// SPDX-License-Identifier: Apache-2.0

/** Every way an engine operation can fail. The daemon's errors.ts maps each to libvirt, HTTP and exit status. */
export const engineCodes = [
  'not-found',
  'exists',
  'in-use',
  'busy',
  'invalid',
  'unsupported',
  'denied',
  'no-space',
  'over-quota',
  'overcommitted',
  'wrong-state',
  'host-command',
  'timeout',
  'interrupted',
  'internal',
] as const;
export type EngineCode = (typeof engineCodes)[number];

/** What the engine throws; `details` holds what a program may want (argv, exit status, findings, names). */
export class EngineError extends Error {
  override readonly name = 'EngineError';
  constructor(
    readonly code: EngineCode,
    message: string,
    readonly details: Readonly<Record<string, unknown>> = {},
    options?: { cause?: unknown },
  ) {
    super(message, options);
  }
}
