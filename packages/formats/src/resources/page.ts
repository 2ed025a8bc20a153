// The reference page of the resource parameters, from the tables that read and enforce them.
// SPDX-License-Identifier: Apache-2.0
import type { ResourceStatus } from './resources.js';
import { type ResourceRule, resourceRules, resourceSections } from './rules.js';

const words: Readonly<Record<ResourceStatus, string>> = {
  enforced: 'the kernel refuses or throttles at the limit, for the container as a whole',
  approximated: 'enforced at another grain or with another meaning, which is said',
  recorded: 'kept, shown and written to `CTID.conf`, with no effect, for the reason given',
};

/** Markdown. */
export function formatParameters(): string {
  const statuses = Object.entries(words).map(([status, meaning]) => {
    const count = resourceRules.filter((rule) => rule.status === status).length;
    return `| ${status} | ${meaning} | ${count} |`;
  });
  const sections = resourceSections.map(
    ({ title, rules }) =>
      `## ${title}\n\n${table(['Parameter', 'Unit', 'Meaning', 'Here', 'How'], rules.map(rowOf))}`,
  );
  return `# Resource parameters

Generated from the parameter table by \`npm run gen\`; do not edit.

OpenVZ's parameters, as \`ctvirt params NAME\` shows them of a domain and \`ctvirt set NAME --numproc 200:220\` changes them. A
beancounter is \`BARRIER:LIMIT\`; one number stands for both. The rules of a profile, of a \`CTID.conf\` and of \`ctvirt set\` are
the same: suffixes as vzctl has them (\`512M\`, \`10000p\`), \`unlimited\` for no limit.

${['| Here | means | parameters |', '| --- | --- | --- |', ...statuses].join('\n')}

${sections.join('\n\n')}
`;
}

const rowOf = ({ key, unit, meaning, status, how }: ResourceRule): string[] => [
  `\`${key}\``,
  unit ?? '',
  meaning,
  status,
  how,
];

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
