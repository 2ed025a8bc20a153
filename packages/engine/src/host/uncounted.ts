// What the kernel of this host does not count of a domain: no number is told of that anywhere, least of all a nought.
// SPDX-License-Identifier: Apache-2.0
import type { SeriesName } from '@ctvirt/api';

/** Why there is none, by series. */
export type Uncounted = Readonly<Partial<Record<SeriesName, string>>>;

const waits = 'cgroup v1 does not count for how long processes wait';

/** By the version of control groups; `countersOf` and `sampleOf` read none of these. */
export const uncountedBy = (cgroupVersion: 1 | 2): Uncounted =>
  cgroupVersion === 2
    ? {}
    : {
        waited: waits,
        memoryStalled: waits,
        ioWaited: waits,
        diskWritten:
          'cgroup v1 does not know whose it is what the page cache writes to disks later, which is nearly all',
      };
