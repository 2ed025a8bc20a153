// What a document says of walls that only liblxc's format has words for.
// SPDX-License-Identifier: Apache-2.0
import type { Domain } from '@ctvirt/xml';

/** By the names of their elements. */
export function wallsSaid({ features }: Domain): string[] {
  const { seccomp, apparmor, noNewPrivileges } = features ?? {};
  return Object.entries({ seccomp, apparmor, no_new_privileges: noNewPrivileges }).flatMap(([name, said]) =>
    said === undefined ? [] : [`features/${name}`],
  );
}

/** What a report says of each of `wallsSaid`, in formats without words for them. */
export const noWalls = 'there is no word for it here: the domain has it back with its XML';
