// A configuration in the making, with a report of what its format cannot hold.
// SPDX-License-Identifier: Apache-2.0
import type { Domain } from '@ctvirt/xml';
import { FormatError } from './errors.js';
import { Report } from './report.js';

/** By parts of a domain, why a format has no place for them. */
export type Unsaid = { readonly [K in keyof Domain]?: string };

/** What a writer collects, and the report on it; `file` is what the report calls it. */
export class Output {
  readonly report = new Report();

  constructor(readonly file: string) {}

  /** Something of the domain that the format has no place for, and why. */
  lose(key: string, why: string): void {
    this.report.ignored({ file: this.file, line: 0, key }, why);
  }
  /** Of these parts those that the domain has. */
  loseParts(domain: Domain, unsaid: Unsaid): void {
    const said: Readonly<Record<string, unknown>> = domain;
    for (const [key, why] of Object.entries(unsaid)) if (said[key] !== undefined) this.lose(key, why);
  }
  /** What cannot be written without being misread is lost. */
  try(key: string, action: () => void): void {
    try {
      action();
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      this.lose(key, error.message);
    }
  }
}
