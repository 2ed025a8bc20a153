// What is wrong in a document: each leads to its place.
// SPDX-License-Identifier: Apache-2.0
import type { Finding } from '@ctvirt/api/browser';
import { texts } from '../texts.js';
import { Icon } from './icons.js';

interface FindingsProps {
  readonly findings: readonly Finding[];
  readonly goTo: (finding: Finding) => void;
}

/** A list of them, faults before remarks. */
export function Findings({ findings, goTo }: FindingsProps) {
  const faults = findings.filter(({ severity }) => severity === 'error');
  const remarks = findings.filter(({ severity }) => severity !== 'error');
  return (
    <div class="findings">
      <p class="small" role="status">
        {texts.document.counts(faults.length, remarks.length)}
      </p>
      <ul>
        {[...faults, ...remarks].map((finding) => (
          <li key={`${finding.line}:${finding.column} ${finding.message}`} class={finding.severity}>
            <button type="button" class="button quiet slim" onClick={() => goTo(finding)}>
              <Icon name={finding.severity === 'error' ? 'cross' : 'warning'} />
              <span class="num">
                {finding.line > 0 ? `${finding.line}:${finding.column}` : texts.document.nowhere}
              </span>
              <span class="wrap">{finding.message}</span>
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}
