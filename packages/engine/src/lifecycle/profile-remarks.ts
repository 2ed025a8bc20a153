// What of a profile sets nothing, line by line: a limit that was misspelt there is one that nobody keeps.
// SPDX-License-Identifier: Apache-2.0
import { applyProfile, ownWord, type ReportRow, type ResourceOptions } from '@ctvirt/formats';
import type { Domain, Finding } from '@ctvirt/xml';
import type { Facts } from '../host/facts.js';
import { explained } from './resources.js';

/** A domain filled from a profile, and one warning for each line of it that was not read. */
export function filledFrom(
  domain: Domain,
  { name, text }: { readonly name: string; readonly text: string },
  facts: Pick<Facts, 'pageSize' | 'hostCpus'>,
): { readonly domain: Domain; readonly findings: readonly Finding[] } {
  const fill = (one: Domain) => applyProfile(one, text, { profileName: name, ...facts });
  const { domain: filled, report } = fill(domain);
  const unread = report.filter(({ status }) => status === 'ignored');
  const isOwn = ({ how }: ReportRow): boolean => how === ownWord.why;
  const alone = unread.some(isOwn) ? fill(domainOfProfile(name)).domain : filled;
  // As in its own dump, which is filled in already.
  const isSame = ({ key }: ReportRow): boolean => said(filled, key, facts) === said(alone, key, facts);
  return { domain: filled, findings: unread.filter((row) => !(isOwn(row) && isSame(row))).map(remarkOnRow) };
}

const said = (domain: Domain, key: string, facts: ResourceOptions): string | undefined =>
  explained(domain, facts).find((row) => row.key === key)?.value;

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

const remarkOnRow = ({ file, line, key, how }: ReportRow): Finding => ({
  severity: 'warning',
  code: 'unread-profile',
  message: key === '' ? how : `${key} sets nothing: ${how}`,
  line,
  column: Math.min(line, 1),
  path: '/domain/profile',
  file,
});
