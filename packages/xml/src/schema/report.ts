// What semantic checks report to.
// SPDX-License-Identifier: Apache-2.0
import type { FindingCode } from '../finding.js';

/** Keys and indexes of the model that lead from the checked element to the culprit. */
export type ModelPath = readonly (string | number)[];

/** Takes findings of a model; their place is that of what the path leads to. */
export interface Report {
  error(code: FindingCode, path: ModelPath, message: string, details?: FaultDetails): void;
  /** An error of a document that somebody hands in; of one that an older version let in, a warning. */
  refuse(code: FindingCode, path: ModelPath, message: string, details?: FaultDetails): void;
  warning(code: FindingCode, path: ModelPath, message: string, details?: FaultDetails): void;
}

/** What a finding says besides its message, for programs and for people in a hurry. */
export interface FaultDetails {
  readonly found?: string;
  readonly expected?: string;
  readonly suggestion?: string;
}
