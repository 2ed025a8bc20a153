// The bridge of one network: made, changed to what its plan says, and taken away.
// SPDX-License-Identifier: Apache-2.0
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { addressBytes, addressText } from '../../host/address-bytes.js';
import { type HostLink, hostLinks } from '../../host/host-links.js';
import { hasLink } from '../../host/links.js';
import { run } from '../../host/run.js';
import { type HostSubnet, hostAddresses, hostRoutes } from '../../host/subnets.js';
import type { OwnBridge } from '../contract/plan.js';
import { address, linkName, mac } from './words.js';

const IP = '/sbin/ip';

/** A link that there is, with its addresses. */
export interface StandingLink extends HostLink {
  readonly addresses: readonly HostSubnet[];
}

/** The link of this name. */
export function standingLink(name: string): StandingLink | undefined {
  if (!hasLink(name)) return undefined;
  const link = hostLinks().find((one) => one.name === name);
  return link && { ...link, addresses: hostAddresses().filter((one) => one.link === name) };
}

/** Makes it, or what is missing of the one that stands; `before` is what it was put there for, where that was something else. */
export async function putBridge(
  bridge: OwnBridge,
  alias: string,
  standing: StandingLink | undefined,
  before?: OwnBridge,
): Promise<void> {
  const name = linkName(bridge.name);
  if (standing === undefined) await batch([creation(bridge), `link set dev ${name} alias ${alias}`]);
  setIpv6(bridge);
  if (before !== undefined) await removeRoutes(bridge, before);
  await batch([
    ...(standing === undefined ? [] : changes(bridge, alias, standing, before)),
    ...mtuLines(bridge, before),
    ...addressLines(bridge, standing),
    `link set dev ${name} up`,
    ...routeLines(bridge),
  ]);
  if (bridge.forward.mode !== 'none') allowForwarding(bridge);
}

/** Links that were plugged into it stay, plugged into nothing. */
export async function removeBridge(name: string): Promise<void> {
  if (hasLink(name)) await run([IP, 'link', 'delete', 'dev', linkName(name), 'type', 'bridge']);
}

async function batch(lines: readonly string[]): Promise<void> {
  await run([IP, '-batch', '-'], { input: lines.map((line) => `${line}\n`).join('') });
}

/** With its hardware address from the first moment, by which it is known should its maker be killed before the next. */
const creation = (bridge: OwnBridge): string =>
  ['link', 'add', 'name', linkName(bridge.name), 'address', mac(bridge.mac), ...settings(bridge)].join(' ');

/** In hundredths of a second; a bridge that speaks the protocol makes at least two seconds of it, from when it begins to. */
const settings = ({ stp, delaySeconds }: OwnBridge): string[] => [
  ...['type', 'bridge', 'forward_delay', String(Math.round(delaySeconds * 100))],
  ...['stp_state', stp ? '1' : '0'],
];

const ETHERNET_MTU = 1500;

function changes(
  bridge: OwnBridge,
  alias: string,
  standing: StandingLink,
  before: OwnBridge = bridge,
): string[] {
  const set = `link set dev ${linkName(bridge.name)}`;
  const { stp, delaySeconds } = bridge;
  const isOther = stp !== before.stp || delaySeconds !== before.delaySeconds;
  return [
    ...(standing.alias === alias ? [] : [`${set} alias ${alias}`]),
    ...(standing.mac === bridge.mac.toLowerCase() ? [] : [`${set} address ${mac(bridge.mac)}`]),
    ...(isOther ? [`${set} type bridge stp_state 0`, `${set} ${settings(bridge).join(' ')}`] : []),
  ];
}

/**
 * One that nobody has set is that of the members, the smallest of them. The kernel takes as set only what was changed, and not what the
 * bridge was made with: hence another one first.
 */
function mtuLines({ name, mtu }: OwnBridge, before: OwnBridge | undefined): string[] {
  const set = `link set dev ${linkName(name)} mtu`;
  if (mtu !== undefined) return [`${set} ${mtu === ETHERNET_MTU ? mtu + 1 : ETHERNET_MTU}`, `${set} ${mtu}`];
  return before?.mtu === undefined ? [] : [`${set} ${ETHERNET_MTU}`];
}

const keyOf = (bytes: Buffer, bits: number): string => `${bytes.toString('hex')}/${bits}`;

/** From those that stand to those of the plan. */
function addressLines({ name, addresses }: OwnBridge, standing: StandingLink | undefined): string[] {
  const wanted = new Set(addresses.map((one) => keyOf(addressBytes(address(one.address)), one.prefix)));
  const held = standing?.addresses ?? [];
  const there = new Set(held.map((one) => keyOf(one.address, one.bits)));
  const gone = held.filter((one) => !wanted.has(keyOf(one.address, one.bits)));
  const come = addresses.filter((one) => !there.has(keyOf(addressBytes(one.address), one.prefix)));
  return [
    ...gone.map((one) => `address delete ${addressText(one.address)}/${one.bits} dev ${linkName(name)}`),
    ...come.map(
      (one) =>
        `address add ${one.address}/${one.prefix} dev ${linkName(name)} ${one.family === 4 ? 'broadcast +' : 'nodad'}`,
    ),
  ];
}

type Way = OwnBridge['routes'][number];

const routeWords = ({ destination, prefix, gateway, metric }: Way, name: string): string[] => [
  ...[`${address(destination)}/${prefix}`, 'via', address(gateway), 'dev', linkName(name)],
  ...(metric === undefined ? [] : ['metric', String(metric)]),
];

const routeLines = ({ name, routes }: OwnBridge): string[] =>
  routes.map((route) => ['route', 'replace', ...routeWords(route, name)].join(' '));

/** Whether one is gone, as all are when somebody sets the bridge down. */
export function isWithoutRoute({ name, routes }: OwnBridge): boolean {
  if (routes.length === 0) return false;
  const there = new Set(
    hostRoutes().flatMap((one) => (one.link === name ? [keyOf(one.address, one.bits)] : [])),
  );
  return routes.some((one) => one.prefix > 0 && !there.has(keyOf(addressBytes(one.destination), one.prefix)));
}

/** One that is not there any more is no error. */
async function removeRoutes({ name, routes }: OwnBridge, before: OwnBridge): Promise<void> {
  const wanted = new Set(routes.map((route) => routeWords(route, name).join(' ')));
  for (const route of before.routes)
    if (!wanted.has(routeWords(route, name).join(' ')))
      await run([IP, `-${route.family}`, 'route', 'delete', ...routeWords(route, name)], { allow: [2] });
}

const SETTINGS = '/proc/sys/net';

/** Before it is up: then it would have addresses already, and listen to routers. */
function setIpv6(bridge: OwnBridge): void {
  const folder = `${SETTINGS}/ipv6/conf/${linkName(bridge.name)}`;
  if (!existsSync(folder)) return; // a kernel without IPv6
  const has6 = bridge.addresses.some(({ family }) => family === 6);
  const put = (name: string, value: string): void => writeFileSync(`${folder}/${name}`, value);
  put('accept_ra', '0');
  put('autoconf', '0');
  // Nobody else has them: who asks its neighbours first is a second late for the first member.
  put('accept_dad', '0');
  put('disable_ipv6', has6 ? '0' : '1');
}

const forwarding = { 4: 'ipv4/ip_forward', 6: 'ipv6/conf/all/forwarding' } as const;

/** Of all links, as for libvirt: who turned it off has no network that forwards. */
function allowForwarding({ addresses }: OwnBridge): void {
  for (const { family } of addresses) writeFileSync(`${SETTINGS}/${forwarding[family]}`, '1');
}

/** What somebody has turned off since. */
export function forwardingRemarks({ name, forward, addresses }: OwnBridge): string[] {
  if (forward.mode === 'none') return [];
  return [...new Set(addresses.map(({ family }) => forwarding[family]))]
    .filter((file) => readFileSync(`${SETTINGS}/${file}`, 'utf8').trim() === '0')
    .map((file) => {
      const key = `net.${file.replaceAll('/', '.')}`;
      return `${key} is 0 by now: members on ${name} reach nothing beyond this host until sysctl -w ${key}=1, and /etc/sysctl.d may set it back`;
    });
}
