// The manual pages of the daemon and of its settings, from what it says of itself.
// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { root } from '../setup.mjs';

/** The build makes it, and this is read before. */
const macros = () => import('../../packages/cli/dist/reference/man.js');

/** ctvirtd(8). */
export async function daemonPage() {
  const { plain } = await macros();
  const help = execFileSync(process.execPath, [join(root, 'packages/daemon/dist/ctvirtd.mjs'), '--help']);
  return [
    '.TH CTVIRTD 8 "" "ctvirt" "ctvirt"',
    '.SH NAME',
    'ctvirtd \\- run the container domains of this host',
    '.SH DESCRIPTION',
    '.EX',
    plain(String(help).trimEnd()),
    '.EE',
    '.SH FILES',
    ...['/etc/ctvirt/ctvirtd.conf', '/etc/ctvirt/profiles', '/var/lib/ctvirt', '/run/ctvirt'].flatMap(
      (path) => ['.br', path],
    ),
    '.SH SEE ALSO',
    '.BR ctvirt (1),',
    '.BR ctvirtd.conf (5)',
    '',
  ].join('\n');
}

/** ctvirtd.conf(5). */
export async function settingsPage() {
  const { plain, tagged } = await macros();
  const { settings } = await import('../../packages/daemon/dist/settings.js');
  return [
    '.TH CTVIRTD.CONF 5 "" "ctvirt" "ctvirt"',
    '.SH NAME',
    'ctvirtd.conf \\- settings of ctvirtd',
    '.SH DESCRIPTION',
    plain('One key = value a line, texts in quotes, lists as ["one", "two"], remarks after #.'),
    plain('The daemon reads it when it starts.'),
    '.SH SETTINGS',
    ...tagged(
      Object.entries(settings).map(([key, { doc, fallback, expected }]) => [
        key,
        `${doc} Takes ${expected}; by default ${JSON.stringify(fallback)}.`,
      ]),
    ),
    '.SH SEE ALSO',
    '.BR ctvirtd (8)',
    '',
  ].join('\n');
}
