// Where the engine says what nobody has asked for.
// SPDX-License-Identifier: Apache-2.0
export type EngineLog = (
  level: 'info' | 'warn' | 'error',
  message: string,
  fields?: Record<string, unknown>,
) => void;
