// What stands in a <console> or <hostdev> and has no effect, and disks, of which a container has none.
// SPDX-License-Identifier: Apache-2.0
import type { Console, Domain, Hostdev } from '@ctvirt/xml';
import { type Row, remark } from './remark.js';

export const onDevices: readonly Row<Domain>[] = [
  ({ devices }) =>
    remark(
      devices.disks?.[0],
      '/domain/devices/disk',
      'disks are not handed over: a <filesystem> of type file or block is mounted',
    ),
  ({ devices }) =>
    remark(devices.consoles?.[1], '/domain/devices/console[2]', 'a container has one console: this is none'),
];

const onlyTerminal = 'the console is a terminal that clients open: nothing goes to a file or a socket';

export const onConsole: readonly Row<Console>[] = [
  ({ type }) => remark(type === 'pty' ? undefined : type, '/@type', onlyTerminal),
  ({ type, source }) => remark(type === 'pty' ? undefined : source, '/source', onlyTerminal),
  ({ protocol }) => remark(protocol, '/protocol', onlyTerminal),
  ({ log }) => remark(log, '/log', 'what the console shows is not copied to a file'),
];

export const onePeer = 'an address is of a network, not of one other end';

export const onHostdev: readonly Row<Hostdev>[] = [
  (one) =>
    remark(
      one.type === 'net' ? one.ips?.find(({ peer }) => peer !== undefined) : undefined,
      '/ip/@peer',
      onePeer,
    ),
  ({ type }) =>
    remark(
      type === 'misc' || type === 'net' ? undefined : type,
      '',
      type === 'storage'
        ? 'a block device is not handed over as it is: a <filesystem> of type block is mounted'
        : 'of the devices of the host character devices and links alone are handed over',
    ),
];
