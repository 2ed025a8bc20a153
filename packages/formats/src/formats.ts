// The list of formats; a new one is a folder and a line here.
// SPDX-License-Identifier: Apache-2.0
import { dependable } from './clean.js';
import type { Format } from './format.js';
import { lxcFormat } from './lxc/format.js';
import { openvzFormat } from './openvz/format.js';
import { vserverFormat } from './vserver/format.js';
import { zonecfgFormat } from './zonecfg/format.js';

/** Every format, in the order in which they are asked whether files are theirs. */
export const formats = {
  openvz: dependable(openvzFormat),
  lxc: dependable(lxcFormat),
  vserver: dependable(vserverFormat),
  zonecfg: dependable(zonecfgFormat),
} as const satisfies Readonly<Record<string, Format>>;

/** A key of `formats`. */
export type FormatName = keyof typeof formats;

/** Names for completion and messages. */
export const formatNames: readonly string[] = Object.keys(formats);

/** The format of that name, undefined for any other word. */
export function formatOf(name: string): Format | undefined {
  return Object.values<Format>(formats).find((format) => format.name === name);
}
