// The resource limits of a container's init, and with it of whatever it starts.
// SPDX-License-Identifier: Apache-2.0
import type { Resources } from '@ctvirt/formats';
import { shareOfContainers, withinShare } from '../../host/monitor-limits.js';
import { guestLimits, inWords, type Rlimit } from '../../host/rlimits.js';

/** In liblxc's words, all there are: what is not said here init would have of the shell that started the daemon. */
export function givenLimits({ nofile, memlockBytes, sigpending }: Resources): Record<string, string> {
  const limits = guestLimits();
  const both = (value: number): Rlimit => ({ soft: BigInt(value), hard: BigInt(value) });
  const given = {
    ...limits,
    ...(nofile !== undefined && { nofile: both(nofile) }),
    ...(memlockBytes !== undefined && { memlock: both(memlockBytes) }),
    sigpending:
      sigpending === undefined ? shareOfContainers(limits.sigpending) : both(withinShare(sigpending)),
    msgqueue: shareOfContainers(limits.msgqueue),
  };
  return Object.fromEntries(Object.entries(given).map(([name, limit]) => [name, inWords(limit)]));
}
