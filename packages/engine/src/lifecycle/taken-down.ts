// Walls that a document takes down: said at define, because a line copied from somewhere may do it.
// SPDX-License-Identifier: Apache-2.0
import type { Domain, Finding } from '@ctvirt/xml';
import { remarkOf } from './not-enforced.js';

type Down = readonly [path: string, message: string];

/** One warning for each; what is loosened by a name of its own was meant, and is in the list of walls. */
export function takenDown({ features, devices }: Domain): Finding[] {
  const rows: readonly (Down | false)[] = [
    features?.seccomp?.policy === 'off' && [
      '/domain/features/seccomp/@policy',
      "no system call is refused: <allow name='…'/> loosens a single one",
    ],
    features?.apparmor?.policy === 'off' && [
      '/domain/features/apparmor/@policy',
      'AppArmor does not confine it',
    ],
    features?.capabilities?.policy === 'allow' && [
      '/domain/features/capabilities/@policy',
      "it has all capabilities in its user namespace: <NAME state='on'/> keeps a single one",
    ],
    ...(devices.interfaces ?? []).map(
      ({ trustGuestRxFilters }, index): Down | false =>
        trustGuestRxFilters === true && [
          `/domain/devices/interface[${index + 1}]/@trustGuestRxFilters`,
          'it may send from any address, those of other domains among them',
        ],
    ),
  ];
  return rows.flatMap((row) => (row === false ? [] : [remarkOf('wall-down', ...row)]));
}
