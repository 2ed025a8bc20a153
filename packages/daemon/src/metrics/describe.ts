// The page of docs/reference that names each family, made of their tables.
// SPDX-License-Identifier: Apache-2.0
import { incus } from './families/incus.js';
import { libvirt } from './families/libvirt.js';
import { own } from './families/own.js';
import type { Known } from './known.js';
import type { Group } from './write.js';

const sets: readonly (readonly [name: string, what: string, groups: readonly Group<Known>[]])[] = [
  ['own', 'What only ctvirt knows.', own],
  [
    'libvirt',
    "What exporters of libvirt tell, by their names; each sample of Debian's own is among them.",
    libvirt,
  ],
  ['incus', 'What Incus tells of its instances, by its names; told only if asked for.', incus],
];

/** All families, those with the same labels together. */
export const formatMetrics = (): string =>
  [
    '# Metrics',
    '',
    '<!-- Written by `npm run gen`. -->',
    '',
    'What `GET /metrics` and `ctvirt metrics` tell, as the last round of looks found it. Where nothing tells a number there is no sample.',
    'This page is made of the tables that are told from; [the guide](../guide/metrics.md) says how Prometheus comes to it.',
    ...sets.flatMap(([name, what, groups]) => ['', `## ${name}`, '', what, ...groups.flatMap(section)]),
    '',
  ].join('\n');

const section = ({ labels, families }: Group<Known>): string[] => [
  '',
  labels.length === 0 ? 'Without labels:' : `By ${labels.map((label) => `\`${label}\``).join(', ')}:`,
  '',
  '| family | type | what |',
  '| --- | --- | --- |',
  ...families.map(({ name, type, help }) => `| \`${name}\` | ${type} | ${help} |`),
];
