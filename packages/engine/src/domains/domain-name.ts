// What a domain may be named.
// SPDX-License-Identifier: Apache-2.0
import { EngineError } from '../errors.js';
import { diskName } from '../state/layout.js';

/** Refuses what libvirt refuses in a name, and what the disk cannot hold; throws `invalid`. */
export function checkName(name: string): void {
  if (/[/\p{Cc}]/u.test(name))
    throw new EngineError(
      'invalid',
      `the name ${JSON.stringify(name)} cannot be one: it holds a slash or a control character`,
    );
  diskName(name);
}
