// The package's one error class.
// SPDX-License-Identifier: Apache-2.0
import { describeFinding, type Finding } from './finding.js';

/** Thrown by `parseDomainOrThrow` with all findings, and by writers for a value XML cannot hold; `code` is the first error's. */
export class XmlError extends Error {
  readonly code: string;
  readonly findings: readonly Finding[];

  constructor(findings: readonly Finding[], options?: ErrorOptions) {
    const errors = findings.filter((finding) => finding.severity === 'error');
    const first = errors[0] ?? findings[0];
    const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : '';
    super(first === undefined ? 'the document is not usable' : describeFinding(first) + more, options);
    this.name = 'XmlError';
    this.code = first?.code ?? 'syntax';
    this.findings = findings;
  }
}
