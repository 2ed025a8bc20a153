// Routes of a document's interfaces: which is the default one, and what is set of the others.
// SPDX-License-Identifier: Apache-2.0
import { normalAddress, prefixOf, type Route } from '@ctvirt/xml';
import { addressBytes } from './link-addresses.js';

/** A route that is set inside beside the default one. */
export interface StaticRoute {
  readonly family: 4 | 6;
  readonly address: string;
  readonly prefix: number;
  readonly gateway: string;
  readonly metric: number | undefined;
}

/** Of an address whose document says nothing of it. */
export const commonPrefix = (family: string): number => (family === 'ipv6' ? 64 : 24);

/** The document's own words for the way to everything. */
export const isDefaultRoute = ({ address, prefix = 0, netmask }: Route): boolean =>
  prefix === 0 &&
  (netmask === undefined || prefixOf(netmask) === 0) &&
  addressBytes(normalAddress(address)).every((byte) => byte === 0);

export const staticRoutesOf = (routes: readonly Route[] = []): StaticRoute[] =>
  routes
    .filter((route) => !isDefaultRoute(route))
    .map(({ family, address, prefix, netmask, gateway, metric }) => ({
      family: family === 'ipv6' ? 6 : 4,
      address: normalAddress(address),
      prefix: prefix ?? (netmask === undefined ? 0 : (prefixOf(netmask) ?? 0)),
      gateway: normalAddress(gateway),
      metric,
    }));

/** The words of `ip` that set it on a link. */
export const routeWords = (route: StaticRoute, link: string): string[] => [
  `-${route.family}`,
  ...['route', 'add', `${route.address}/${route.prefix}`, 'via', route.gateway, 'dev', link],
  ...(route.metric === undefined ? [] : ['metric', String(route.metric)]),
];
