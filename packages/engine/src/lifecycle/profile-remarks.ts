// What of a profile sets nothing, line by line: a limit that was misspelt there is one that nobody keeps.
// SPDX-License-Identifier: Apache-2.0
import { applyProfile, ownWord, type ReportRow } from '@ctvirt/formats';
import type { Domain, Finding } from '@ctvirt/xml';
import type { Facts } from '../host/facts.js';

/** A domain filled from a profile, and one warning for each line of it that was not read. */
export function filledFrom(
  domain: Domain,
  { name, text }: { readonly name: string; readonly text: string },
  facts: Pick<Facts, 'pageSize' | 'hostCpus'>,
): { readonly domain: Domain; readonly findings: readonly Finding[] } {
  const applied = applyProfile(domain, text, { profileName: name, ...facts });
  return { domain: applied.domain, findings: applied.report.flatMap(remarkOnRow) };
}

/** A domain of which nothing is known but its profile; it has a root, which limits of the disk are for. */
export const domainOfProfile = (name: string): Domain => ({
  type: 'openvz',
  name,
  profile: name,
  os: { type: { value: 'exe' } },
  devices: {
    filesystems: [{ type: 'template', accessmode: 'passthrough', source: { name }, target: { dir: '/' } }],
  },
});

function remarkOnRow({ status, file, line, key, how }: ReportRow): Finding[] {
  if (status !== 'ignored' || how === ownWord.why) return [];
  return [
    {
      severity: 'warning',
      code: 'unread-profile',
      message: key === '' ? how : `${key} sets nothing: ${how}`,
      line,
      column: Math.min(line, 1),
      path: '/domain/profile',
      file,
    },
  ];
}
