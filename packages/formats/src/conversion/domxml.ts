// The domain document as a format beside the native ones, so that either end of a conversion may be one.
// SPDX-License-Identifier: Apache-2.0
import { commandFor, type Domain, type Finding, formatDomain, parseDomain, XmlError } from '@ctvirt/xml';
import { baseName, type FileSet } from '../files.js';
import type { Format, NativeUnit } from '../format.js';
import type { ReportRow } from '../report.js';
import { startOrderOf } from '../start-order.js';

const looksLikeDomain = /^\u{FEFF}?\s*(?:<[?!][^>]*>\s*){0,20}<domain[\s>/]/u;

function detect(files: FileSet): NativeUnit[] {
  return [...files].flatMap(([path, { text }]) =>
    text !== undefined && looksLikeDomain.test(text)
      ? [{ name: baseName(path).replace(/\.xml$/, ''), path }]
      : [],
  );
}

/** The command that says of a domain what its document does not. */
function autostartOf(domain: Domain): string {
  const { order, delaySeconds } = startOrderOf(domain);
  const words = [
    commandFor('autostart', [domain.name]),
    ...(order === undefined ? [] : [`--order ${order}`]),
    ...(delaySeconds === undefined ? [] : [`--delay ${delaySeconds}`]),
  ];
  return words.join(' ');
}

/** What a reader of documents only warns of, no other format can hold. */
function rowOf({ path, line, code, message }: Finding, file: string): ReportRow {
  const isUnknown = code.startsWith('unknown-') || code === 'unexpected-text';
  return { file, line, key: path, status: isUnknown ? 'ignored' : 'approximated', how: message };
}

/** Domain XML read as any native format is, each warning of the parser's a row of the report; a document with errors throws XmlError. */
export const domxmlFormat: Format = {
  name: 'domxml',
  doc: 'domain XML, one file NAME.xml for each domain',
  files: {
    enters: () => false,
    wants: (name) => name.endsWith('.xml'),
    keepsLinks: false,
    shared: [],
    hasTemplates: true,
    text: 'imported.xml',
    home: undefined,
  },
  detect,
  references: () => [],
  read(files, unit) {
    const { domain, findings } = parseDomain(files.get(unit.path)?.text ?? '', { file: unit.path });
    if (domain === undefined) throw new XmlError(findings);
    return { domain, autostart: undefined, report: findings.map((finding) => rowOf(finding, unit.path)) };
  },
  write(domain, { autostart }) {
    const path = `${domain.name.replace(/[/\0]|^\.+/g, '_')}.xml`;
    const text = formatDomain(domain);
    const { findings } = parseDomain(text);
    const lost: ReportRow[] = autostart
      ? [
          {
            file: path,
            line: 0,
            key: 'autostart',
            status: 'approximated',
            how: `no element holds it: '${autostartOf(domain)}' once it is defined`,
          },
        ]
      : [];
    const faults = findings
      .filter(({ severity }) => severity === 'error')
      .map(
        ({ line, path: key, message }): ReportRow => ({
          file: path,
          line,
          key,
          status: 'approximated',
          how: `${message}: complete it before the domain is defined`,
        }),
      );
    return { files: new Map([[path, { text }]]), report: [...lost, ...faults] };
  },
};
