// One domain's state, memory and processor time, asked again and again from libvirt-python.
// SPDX-License-Identifier: Apache-2.0

import { sleepingDomain } from '../domains.mjs';
import { byTurns } from '../measure.mjs';
import { python, withOurs, withTheirs } from './sides.mjs';

const script = `
import libvirt, sys, time
connection = libvirt.open(sys.argv[1])
domain = connection.lookupByName(sys.argv[2])
calls = int(sys.argv[3])
for _ in range(200): domain.info()
began = time.perf_counter()
for _ in range(calls): domain.info()
print((time.perf_counter() - began) / calls * 1e6)
`;
const rounds = 10;
const callsEach = 1000;
const reach = 1.3;

/** @type {import('../measure.mjs').Row} */
export const info = {
  name: 'info',
  run: ({ note }) =>
    withOurs(({ daemon, uri }) =>
      withTheirs(undefined, async (theirUri) => {
        await daemon.client.domains.define({ body: sleepingDomain('one') });
        await daemon.client.domains.start({ domain: 'one' });
        const times = await byTurns(
          rounds,
          {
            ours: async () => Number(await python(script, uri, 'one', callsEach)),
            theirs: async () => Number(await python(script, theirUri, 'test', callsEach)),
          },
          note,
        );
        // Whatever else the machine does only slows a round down, so the best one says most.
        const [ours, theirs] = [Math.min(...times.ours), Math.min(...times.theirs)];
        return [
          {
            what: `domainGetInfo, ${rounds * callsEach} calls one after another, running container / test driver`,
            ours: `${ours.toFixed(0)} µs`,
            theirs: `${theirs.toFixed(0)} µs`,
            ratio: ours / theirs,
            reach: `≤ ${reach} ×`,
            ok: ours / theirs <= reach,
          },
        ];
      }),
    ),
};
