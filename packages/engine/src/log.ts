// Where the engine says what nobody has asked for.
// SPDX-License-Identifier: Apache-2.0
/** Writes one line; `fields` are for programs that read the log. */
export type EngineLog = (
  level: 'info' | 'warn' | 'error',
  message: string,
  fields?: Record<string, unknown>,
) => void;
