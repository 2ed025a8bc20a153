// What a document may be refused for, one row each with its place: who defines it hears of the first, who only asks of all.
// SPDX-License-Identifier: Apache-2.0
import type { Finding, FindingCode } from '@ctvirt/xml';
import { EngineError } from '../errors.js';

/** One of them: throws why it is refused. */
export interface Check {
  /** In the canonical document. */
  readonly path: string;
  readonly refuse: () => unknown;
}

/** Throws the first. */
export function refuseAny(checks: readonly Check[]): void {
  for (const { refuse } of checks) refuse();
}

/** A refusal as a finding at its place. */
export interface Refusal {
  readonly error: EngineError;
  readonly finding: Finding;
}

/** All of them; what is no refusal is thrown. */
export function refusalsIn(checks: readonly Check[]): Refusal[] {
  return checks.flatMap(({ path, refuse }) => {
    try {
      refuse();
      return [];
    } catch (error) {
      if (!(error instanceof EngineError) || error.code === 'internal') throw error;
      return [{ error, finding: findingOf('refused', path, error.message) }];
    }
  });
}

/** As an error of a document, whose place is not known yet. */
const findingOf = (code: FindingCode, path: string, message: string): Finding => ({
  severity: 'error',
  ...{ code, path, message, line: 0, column: 0 },
});

/** All that stands against a document, as the answer to who only asked. */
export class Refused extends Error {
  override readonly name = 'Refused';

  constructor(
    readonly first: EngineError,
    readonly findings: readonly Finding[],
  ) {
    super(first.message, { cause: first });
  }
}
