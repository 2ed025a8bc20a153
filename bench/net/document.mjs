// Definition of a network and its document, over libvirt's protocol: here, and on libvirt's own network driver.
// SPDX-License-Identifier: Apache-2.0
import { execFile } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { promisify } from 'node:util';
import { withDaemon } from '../daemon.mjs';
import { median } from '../measure.mjs';
import { python, uriOf, withLibvirt } from './sides.mjs';

const exec = promisify(execFile);
const reach = { define: 0.6, dump: 1.5 };
const network = `<network>
  <name>lan</name>
  <title>a network</title>
  <forward mode='open'/>
  <bridge name='ctblan' stp='on' delay='0'/>
  <domain name='lan.example' localOnly='yes'/>
  <dns>
    <host ip='10.94.0.9'><hostname>printer</hostname></host>
    <txt name='motto' value='hello'/>
  </dns>
  <ip address='10.94.0.1' prefix='24'>
    <dhcp>
      <range start='10.94.0.100' end='10.94.0.199'/>
      ${Array.from({ length: 10 }, (_, at) => `<host mac='52:54:00:0a:5e:${10 + at}' name='host${at}' ip='10.94.0.${10 + at}'/>`).join('\n      ')}
    </dhcp>
  </ip>
  <ip family='ipv6' address='fd00:94::1' prefix='64'/>
</network>`;

/** On connections that are open, by turns. */
const script = `
import json, libvirt, sys, time
uris, xml, rounds = sys.argv[1:3], sys.argv[3], int(sys.argv[4])
sides = [(at, libvirt.open(uri)) for at, uri in enumerate(uris)]
times = [{'define': [], 'dump': []} for _ in uris]
for round in range(rounds + 10):
    for at, connection in sides if round % 2 == 0 else sides[::-1]:
        began = time.perf_counter()
        network = connection.networkDefineXML(xml)
        defined = time.perf_counter()
        network.XMLDesc()
        dumped = time.perf_counter()
        network.undefine()
        # The first ones pay for what later ones find ready.
        if round < 10: continue
        times[at]['define'].append((defined - began) * 1e6)
        times[at]['dump'].append((dumped - defined) * 1e6)
print(json.dumps(times))
`;

/** @type {import('../measure.mjs').Row} */
export const document = {
  name: 'document',
  run: ({ rounds = 200 }) =>
    withDaemon(async (daemon) => {
      // libvirtd's documents are in memory, where a sync takes no time: so are ours.
      const lib = `${daemon.folder}/lib`;
      mkdirSync(lib, { mode: 0o711 });
      await exec('mount', ['-t', 'tmpfs', '-o', 'mode=711', 'lib', lib]);
      await daemon.start();
      return await withLibvirt(async (theirUri) => {
        const [here, there] = await python([], script, uriOf(daemon), theirUri, network, String(rounds));
        /** @type {(what: string, call: 'define' | 'dump') => import('../measure.mjs').Result} */
        const row = (what, call) => {
          const [ours, theirs] = [median(here[call]), median(there[call])];
          return {
            what,
            ours: us(ours),
            theirs: us(theirs),
            ratio: ours / theirs,
            reach: `≤ ${reach[call]} ×`,
            ok: ours / theirs <= reach[call],
            times: { ours: here[call], theirs: there[call] },
          };
        };
        return [
          row(`networkDefineXML, median of ${rounds}, against libvirt's network driver`, 'define'),
          row('networkGetXMLDesc, against the same', 'dump'),
        ];
      });
    }),
};

/** @param {number} value */
const us = (value) => `${value.toFixed(0)} µs`;
