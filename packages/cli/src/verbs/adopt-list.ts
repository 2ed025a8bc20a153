// ctvirt adopt list
// SPDX-License-Identifier: Apache-2.0
import { formatTable } from '../table.js';
import { verb } from '../verb.js';

/** JSON is an array of candidates. */
export const adoptList = verb({
  name: 'adopt list',
  group: 'Domains',
  summary: 'List containers of OpenVZ, LXC and Linux-VServer that lie on this host',
  details: [
    "In /etc/vz/conf, /var/lib/lxc and /etc/vservers. Each is there with its files, the domain that is on them already, or what stands against adopting it; 'ctvirt adopt --dry-run' looks closer.",
  ],
  args: {},
  options: {},
  example: { command: 'ctvirt adopt list', does: 'Lists what could be adopted.' },
  async run(context) {
    const found = await context.client.domains.candidates();
    context.print(found, (width) =>
      formatTable(
        ['System', 'Name', 'Hostname', 'Files', 'Domain', 'Problem'],
        found.map(({ format, name, hostname, files, domain, problem }) => [
          format,
          ...[name, hostname ?? '-', files ?? '-', domain ?? '-', problem ?? '-'],
        ]),
        width,
      ),
    );
  },
});
