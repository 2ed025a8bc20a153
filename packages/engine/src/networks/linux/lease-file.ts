// The file in which dnsmasq keeps who has which address until when.
// SPDX-License-Identifier: Apache-2.0
import { addressBytes } from '../../host/address-bytes.js';
import type { HeldLease, Member } from '../contract/plan.js';

const known = (word: string | undefined): string | undefined => (word === '*' ? undefined : word);

/** Whose hardware has an address. Worked out when it is first asked: of many members few have asked for theirs. */
function ownersOf(members: readonly Member[]): (address: string) => string | undefined {
  const keyOf = (address: string): string => addressBytes(address).toString('hex');
  let owners: ReadonlyMap<string, string> | undefined;
  return (address) => {
    owners ??= new Map(
      members.flatMap(({ mac, addresses }) => addresses.map((one) => [keyOf(one), mac] as const)),
    );
    return owners.get(keyOf(address));
  };
}

/** Those that have not run out by then. IPv6's do not tell whose hardware they are for: members' addresses do. */
export function readLeases(text: string, members: readonly Member[], now: Date): HeldLease[] {
  const macOf = ownersOf(members);
  return text.split('\n').flatMap((line): HeldLease[] => {
    const [expires = '', who = '', address = '', hostname, clientId] = line.split(' ');
    if (!/^\d+$/.test(expires) || address === '') return []; // the server's own DUID
    const isV6 = address.includes(':');
    const lease: HeldLease = {
      mac: isV6 ? macOf(address) : who.replace(/^[0-9a-f]{2}-/i, ''),
      address,
      family: isV6 ? 6 : 4,
      hostname: known(hostname),
      clientId: known(clientId),
      // T stands before that of an address that is to change.
      iaid: isV6 ? who.replace(/^T/, '') : undefined,
      expires: Number(expires),
    };
    return lease.expires !== 0 && lease.expires * 1000 < now.getTime() ? [] : [lease];
  });
}

/** By which clients of IPv6 know the server. */
export const serverId = (text: string): string | undefined => /^duid (\S+)$/m.exec(text)?.[1];

/** Leases of IPv6 of members that are off. */
export function leftLeases(text: string, members: readonly Member[], now: Date): HeldLease[] {
  const offOwnerOf = ownersOf(members.filter(({ isRunning }) => !isRunning));
  return readLeases(text, members, now).filter(
    ({ family, address }) => family === 6 && offOwnerOf(address) !== undefined,
  );
}

/** The half of a DUID that is a hardware address, in those that are made of one. */
const macOfDuid = (duid = ''): string | undefined =>
  /^00:0[13]:00:01:(?:(?:[0-9a-f]{2}:){4})?((?:[0-9a-f]{2}:){5}[0-9a-f]{2})$/i.exec(duid)?.[1];

/**
 * The file without leases of addresses that are kept for another by now: as long as one stands, the other is given none. The text
 * itself if there are none.
 */
export function withoutTaken(text: string, members: readonly Member[]): string {
  const ownerOf = ownersOf(members);
  const isTaken = (line: string): boolean => {
    const [expires = '', who = '', address = '', , id] = line.split(' ');
    if (!/^\d+$/.test(expires) || address === '') return false;
    const owner = ownerOf(address)?.toLowerCase();
    const holder = address.includes(':') ? macOfDuid(id) : who.replace(/^[0-9a-f]{2}-/i, '');
    return owner !== undefined && holder !== undefined && holder.toLowerCase() !== owner;
  };
  return text
    .split('\n')
    .filter((line) => !isTaken(line))
    .join('\n');
}
