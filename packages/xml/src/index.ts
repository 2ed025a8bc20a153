// Public surface of this package.
// SPDX-License-Identifier: Apache-2.0

/** Something said about a document: where it stands, what was found there, what was expected. */
export interface Finding {
  readonly severity: 'error' | 'warning';
  readonly code: string;
  readonly message: string;
  readonly line: number;
  readonly column: number;
  readonly path: string;
  readonly found?: string;
  readonly expected?: string;
  readonly suggestion?: string;
  readonly excerpt?: string;
}
