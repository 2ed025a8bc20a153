// What of the host a document asks for that is not there now, so that its domain would not start: it may be there by then.
// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs';
import { numbersOf, type Resources } from '@ctvirt/formats';
import type { Finding } from '@ctvirt/xml';
import { beyondOnline, hostHas } from '../host/facts.js';
import { remarkOf } from './not-enforced.js';

const sets = [
  { file: 'cpuset.cpus', of: ({ cpusetCpus }: Resources) => cpusetCpus, path: '/domain/vcpu/@cpuset' },
  { file: 'cpuset.mems', of: ({ cpusetMems }: Resources) => cpusetMems, path: '/domain/numatune/memory' },
] as const;

/** One finding for each; devices are files of the host. */
export function hindersOf(devices: readonly string[], resources: Resources): Finding[] {
  const beyond = sets.flatMap(({ file, of, path }): Finding[] => {
    const numbers = beyondOnline(file, numbersOf(of(resources) ?? '') ?? []);
    return numbers.length === 0
      ? []
      : [remarkOf('no-start', path, `${file} of ${numbers.join(', ')} cannot be had${hostHas(file)}`)];
  });
  const missing = devices.flatMap((path) =>
    existsSync(path)
      ? []
      : [remarkOf('no-source', '/domain/devices/hostdev', `the device ${path} is not there on this host`)],
  );
  return [...beyond, ...missing];
}
