// Addresses that no container may have, whatever its links: the host's own, and those of groups.
// SPDX-License-Identifier: Apache-2.0
import { EngineError } from '../errors.js';
import { isOwnAddress } from '../host/link-addresses.js';
import { addressBytes } from './link-addresses.js';

/** Asked at define and at each start: the host may have come to an address since. */
export function refuseHostAddresses(addresses: Iterable<string>): void {
  for (const address of addresses) {
    const bytes = addressBytes(address);
    if (isOfGroup(bytes))
      throw new EngineError('invalid', `${address} is no address that a single container can have`, {
        address,
      });
    if (isOwnAddress(bytes))
      throw new EngineError(
        'exists',
        `the host itself has the address ${address}: give the interface another`,
        {
          address,
        },
      );
  }
}

/** Multicast; of IPv4 also what is reserved, and broadcast. */
const isOfGroup = (bytes: Buffer): boolean =>
  bytes.length === 4 ? bytes.readUInt8(0) >= 224 : bytes.readUInt8(0) === 0xff;
