// What is done to links by their number, here and in other networks: what one is called there is the container's to say.
// SPDX-License-Identifier: Apache-2.0
import { closeSync, openSync } from 'node:fs';
import { EngineError } from '../errors.js';
import { at, type HostLink, hostLinks, IFF_UP, LINK_HEADER, numbers } from './host-links.js';
import {
  ACK,
  attribute,
  HEADER,
  message,
  NLMSG_ERROR,
  nested,
  parts,
  put32,
  REQUEST,
  refusalOfMessage,
} from './netlink.js';
import { ask } from './netlink-route.js';
import { inNetwork } from './other-network.js';

const DELETE_LINK = 17;
const SET_LINK = 19;
const NEW_PROPERTIES = 108;
const DELETE_PROPERTIES = 109;
/** Flags that somebody sets: no ARP, all there is, all that is for groups, anything for groups. */
const SETTABLE = 0x80 | 0x100 | 0x200 | 0x1000;

/** What of a link whoever has it can change. */
export type LinkState = Pick<
  HostLink,
  'mac' | 'mtu' | 'flags' | 'queueLength' | 'mode' | 'alias' | 'altNames' | 'isUp'
>;

/** All links of the network at a path. */
export const linksIn = (network: string): HostLink[] => inNetwork(network, hostLinks);

/** Takes a link, down, out of the network at a path into this one, by this name; what lies on it there is deleted. */
export function takeLink(network: string, index: number, name: string): void {
  const own = openSync('/proc/thread-self/ns/net', 'r');
  try {
    const words = [attribute(numbers.networkFd, number32(own)), attribute(numbers.name, text(name))];
    inNetwork(network, () => order(SET_LINK, index, words, { flags: 0, changed: IFF_UP }));
  } finally {
    closeSync(own);
  }
}

/** Deletes a link of the network at a path. */
export const deleteLinkIn = (network: string, index: number): void =>
  inNetwork(network, () => order(DELETE_LINK, index, []));

/** Takes these other names from a link of the network at a path. */
export const dropAltNamesIn = (network: string, index: number, names: readonly string[]): void =>
  inNetwork(network, () => dropAltNames(index, names));

/** Gives a link of this network another name; it is down then. */
export const renameLink = (index: number, name: string): void => {
  order(SET_LINK, index, [], { flags: 0, changed: IFF_UP });
  order(SET_LINK, index, [attribute(numbers.name, text(name))]);
};

/** Makes a link of this network what it was; returns what could not be done, in words. */
export function restoreLink(now: LinkState & Pick<HostLink, 'index'>, was: LinkState): string[] {
  const { index } = now;
  const failed: string[] = [];
  const set = (what: string, ...attributes: readonly Buffer[]) =>
    attempt(what, () => order(SET_LINK, index, attributes));
  const attempt = (what: string, action: () => void): void => {
    try {
      action();
    } catch (error) {
      failed.push(`${what} (${error instanceof Error ? error.message : String(error)})`);
    }
  };
  if (now.mac !== was.mac) {
    attempt('its down state', () => order(SET_LINK, index, [], { flags: 0, changed: IFF_UP }));
    set('its hardware address', attribute(numbers.mac, Buffer.from(was.mac.replaceAll(':', ''), 'hex')));
  }
  if (now.mtu !== was.mtu) set('its size of packets', attribute(numbers.mtu, number32(was.mtu)));
  if (now.queueLength !== was.queueLength)
    set('its queue', attribute(numbers.queueLength, number32(was.queueLength)));
  if (now.mode !== was.mode) set('its mode', attribute(numbers.mode, Buffer.from([was.mode])));
  if (now.alias !== was.alias) set('its alias', attribute(numbers.alias, Buffer.from(was.alias)));
  const extra = now.altNames.filter((name) => !was.altNames.includes(name));
  const lost = was.altNames.filter((name) => !now.altNames.includes(name));
  if (extra.length > 0) attempt('its other names', () => dropAltNames(index, extra));
  if (lost.length > 0) attempt('its other names', () => order(NEW_PROPERTIES, index, [altNameList(lost)]));
  attempt('its flags', () => order(SET_LINK, index, [], { flags: was.flags, changed: SETTABLE | IFF_UP }));
  return failed;
}

function dropAltNames(index: number, names: readonly string[]): void {
  // Each by itself: one that is gone meanwhile keeps nobody from taking the others.
  for (const name of names) order(DELETE_PROPERTIES, index, [altNameList([name])]);
}

const altNameList = (names: readonly string[]): Buffer =>
  nested(numbers.properties, ...names.map((name) => attribute(numbers.altName, text(name))));

const text = (name: string): Buffer => Buffer.from(`${name}\0`, 'latin1');

function number32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  put32(bytes, value, 0);
  return bytes;
}

/** Throws `host-command` with what the kernel says where it does not obey. */
function order(
  type: number,
  index: number,
  attributes: readonly Buffer[],
  { flags, changed }: { readonly flags: number; readonly changed: number } = { flags: 0, changed: 0 },
): void {
  const head = Buffer.alloc(LINK_HEADER);
  put32(head, index, at.index);
  put32(head, flags, at.flags);
  put32(head, changed, at.changed);
  ask(message(type, REQUEST | ACK, Buffer.concat([head, ...attributes])), (messages) => {
    for (const one of parts(messages, 0, messages.length, HEADER)) {
      const errno = one.type === NLMSG_ERROR ? refusalOfMessage(messages, one.at) : undefined;
      if (errno !== undefined)
        throw new EngineError('host-command', `the kernel refuses to change a link: ${errno}`, {}, { errno });
    }
    return true;
  });
}
