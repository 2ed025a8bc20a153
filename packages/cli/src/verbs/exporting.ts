// What templates and domains are written as.
// SPDX-License-Identifier: Apache-2.0
import { resolve } from 'node:path';
import type { ExportFormat } from '@ctvirt/api';
import { noneOf } from '../suggestion.js';
import type { Argument, Options } from '../verb.js';

const formats = ['oci', 'lxc'] as const;

/** Where it is written. */
export const newFile = {
  summary: 'A file that is not there yet',
  complete: 'file',
} as const satisfies Argument;

/** What both verbs take. */
export const exportOptions = {
  format: { type: 'text', value: 'FORMAT', complete: formats, summary: 'oci (default) or lxc' },
} as const satisfies Options;

/** What both verbs write. */
export const exportDetails: readonly string[] = [
  "oci is a tar in the OCI layout that docker load takes, too: one layer, and what is started. lxc is a packed tar of the root and its description, as Incus and LXD import one. The file is the daemon's, readable by root alone.",
];

/** The request for it. */
export function exportOf(
  verb: string,
  file: string,
  { format }: { readonly format: string | undefined },
): { target: string } & ExportFormat {
  const target = resolve(file);
  if (format === undefined) return { target };
  const known = formats.find((one) => one === format);
  if (known === undefined) throw noneOf(`${verb}: --format`, format, formats);
  return { target, format: known };
}
