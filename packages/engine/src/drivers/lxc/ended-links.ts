// What the links of containers had counted at their end: the monitor writes it before it deletes them, daemon or no daemon.
// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { unlessGone } from '../../host/gone.js';
import { networkOf } from '../../host/link-counts.js';
import { bootId } from '../../host/processes.js';
import type { LinkReading } from '../../view.js';

/** This network, as long as the host is up: with the number of a link in it that names one link for good. */
export const hostNetwork = (): string => `${bootId()} ${networkOf('self') ?? ''}`;

/** A link's name for good, in the network of that name. */
export const linkIn = (network: string, index: number): string => `${network} ${index}`;

/** Where a link's last counters are written, for each start elsewhere: what was read of the last run may not be on the disk yet. */
export const endedPath = (folder: string, uuid: string): string =>
  join(folder, [uuid, ...hostNetwork().split(' '), randomBytes(6).toString('hex')].join('@'));

/** The command of the monitor that writes them. JSON of iproute2, since a link's number is in no file of /proc. liblxc adds words. */
export const endedCommand = (path: string, hostName: string, inQuotes: (word: string) => string): string =>
  `/bin/sh -c 'exec /sbin/ip -statistics -json link show dev "$1" > "$0"' ${inQuotes(path)} ${inQuotes(hostName)}`;

/** What was written of a link, and the file it was written to. */
export interface EndedLink extends Omit<LinkReading, 'name'> {
  readonly path: string;
}

/** What is being written just now is there the next time. */
export function endedLinks(folder: string, isWanted: (path: string) => boolean = () => true): EndedLink[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry): EndedLink[] => {
    const { name: file } = entry;
    const path = join(folder, file);
    if (!entry.isFile() || !isWanted(path)) return [];
    const [uuid = '', boot = '', network = ''] = file.split('@');
    const counted = parseEnded(unlessGone(() => readFileSync(path, 'utf8')) ?? '');
    if (counted === undefined) return [];
    return [{ uuid, link: linkIn(`${boot} ${network}`, counted.index), passed: counted.passed, path }];
  });
}

/** By its digits: JSON numbers are exact up to 2^53 only. Towards the container is what the host's end sent. */
export function parseEnded(text: string): { index: number; passed: LinkReading['passed'] } | undefined {
  if (!text.endsWith('\n')) return undefined;
  const index = /"ifindex":(\d+)/.exec(text)?.[1];
  const side = (name: 'rx' | 'tx') =>
    new RegExp(`"stats64":.*"${name}":\\{"bytes":(\\d+),"packets":(\\d+)`, 's').exec(text);
  const [, outBytes, outPackets] = side('rx') ?? [];
  const [, inBytes, inPackets] = side('tx') ?? [];
  if (index === undefined || outBytes === undefined || outPackets === undefined) return undefined;
  if (inBytes === undefined || inPackets === undefined) return undefined;
  return {
    index: Number(index),
    passed: {
      inBytes: BigInt(inBytes),
      inPackets: BigInt(inPackets),
      outBytes: BigInt(outBytes),
      outPackets: BigInt(outPackets),
    },
  };
}
