// The configuration of a container of OpenVZ in an archive of vzdump's: its CTID.conf, called vps.conf.
// SPDX-License-Identifier: Apache-2.0
import type { Filesystem } from '@ctvirt/xml';
import { withRoot } from '../edit.js';
import { readCtidConf } from '../openvz/ctid-conf.js';
import type { ArchivedContainer, ReadArchived } from './container.js';

/** Where it lay and what it was made of is of no matter: its files are in the archive. */
const places = new Set(['OSTEMPLATE', 'VE_PRIVATE', 'VE_ROOT', 'VE_LAYOUT']);

/** `name` is its CTID, where that is known. */
export function readVps(
  text: string,
  file: string,
  { name, template, pageSize, cpus }: ReadArchived,
): ArchivedContainer {
  // Limits of its disk are a root's that is made, and not of one that lies somewhere; the first one counts.
  const made = `OSTEMPLATE="archive"\n${text.replaceAll(/^[^\S\n]*OSTEMPLATE=.*$/gm, '')}`;
  const { domain, autostart, report } = readCtidConf(made, {
    ctid: name,
    pageSize,
    hostCpus: cpus,
    file,
    root: 'template',
  });
  const root = (one: Filesystem): Filesystem =>
    one.type === 'template' ? { ...one, source: { ...one.source, name: template } } : one;
  return {
    domain: withRoot(domain, root),
    autostart,
    report: report
      .filter(({ key }) => !places.has(key))
      .map((row) => ({ ...row, line: Math.max(0, row.line - 1) })),
    left: [],
  };
}
