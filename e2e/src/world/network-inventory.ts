// What the host has of networks, by its own tools, and what of it has no owner among the networks and domains that there are.
// SPDX-License-Identifier: Apache-2.0
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { cgroupName } from './inventory.js';
import type { World } from './world.js';

interface Network {
  readonly name: string;
  readonly active: boolean;
  readonly bridge: string | null;
}
interface Domain {
  readonly name: string;
  readonly state: string;
  readonly addresses: readonly string[];
}

/** Seen at one moment; the domain on network X is called on-X, and has an interface on it and no other. */
export class HostNetworks {
  private constructor(
    private readonly seen: Readonly<Record<'bridges' | 'ports' | 'servers' | 'ruled', readonly string[]>>,
    private readonly root: string,
  ) {}

  static async of(world: World): Promise<HostNetworks> {
    const { enclosure, root } = world;
    const names = async (...words: string[]) =>
      (await enclosure.output('ip', '-o', 'link', 'show', ...words))
        .split('\n')
        .flatMap((line) => /^\d+: ([^:@]+)/.exec(line)?.[1] ?? []);
    const table = await enclosure.run(['nft', 'list', 'set', 'inet', `${cgroupName(root)}-net`, 'links']);
    return new HostNetworks(
      {
        bridges: await names('type', 'bridge'),
        ports: await names('type', 'veth'),
        servers: world
          .processes()
          .flatMap((line) => /dnsmasq --conf-file=.*\/run\/networks\/([^/]+)\//.exec(line)?.[1] ?? []),
        ruled: [...table.stdout.matchAll(/"([^"]+)"/g)].flatMap(([, name]) => name ?? []),
      },
      root,
    );
  }

  /** Whatever is there of more, fewer or others than these. */
  faults(networks: readonly Network[], domains: readonly Domain[]): string[] {
    const { bridges, ports, servers, ruled } = this.seen;
    const running = networks.filter(({ active }) => active);
    const names = running.map(({ name }) => name);
    const own = running.map(({ bridge }) => bridge ?? '');
    const runs = domains.filter(({ state }) => state !== 'shutoff');
    return [
      ...differing('bridges', bridges, own),
      ...differing('networks with a dnsmasq', servers, names),
      ...differing('bridges with rules', ruled, own),
      ...differing('folders of what runs', readdirSync(`${this.root}/run/networks`), names),
      ...differing(
        'definitions',
        readdirSync(`${this.root}/lib/networks`),
        networks.map(({ name }) => name),
      ),
      ...(ports.length === runs.length ? [] : [`${ports.length} links for ${runs.length} running domains`]),
      ...names.flatMap((name) => {
        const path = `${this.root}/run/networks/${name}/dnsmasq.hosts`;
        const kept = (existsSync(path) ? readFileSync(path, 'utf8') : '')
          .split('\n')
          .flatMap((line) => /,(\d+\.\d+\.\d+\.\d+)/.exec(line)?.[1] ?? []);
        const members = domains.filter((one) => one.name === `on-${name}`);
        return differing(
          `addresses that dnsmasq of ${name} keeps`,
          kept,
          members.flatMap(({ addresses }) => addresses),
        );
      }),
    ];
  }
}

function differing(what: string, there: readonly string[], wanted: readonly string[]): string[] {
  const [is, should] = [[...there].sort(), [...wanted].sort()];
  return isDeepStrictEqual(is, should)
    ? []
    : [`${what}: ${is.join(', ') || 'none'}; to be: ${should.join(', ') || 'none'}`];
}
