// The walls around a domain in words: which stand, which are loosened and by what, which are down and why.
// SPDX-License-Identifier: Apache-2.0
import type { Wall } from '@ctvirt/api';
import { denials } from '../host/seccomp.js';
import type { LinkPlan } from '../network/link-plan.js';
import { capabilitiesByNumber, type Standing, UNCONFINED } from './standing.js';
import { defaultDrops, type WantedWalls } from './wanted.js';

/** Input of `describeWalls`. */
export interface Described {
  readonly standing: Standing;
  readonly wanted: WantedWalls;
  readonly maxProcesses: number | null;
  readonly links: readonly LinkPlan[];
  /** What stands around those of which no filter says anything. */
  readonly linkWalls: 'up' | 'down';
  /** Names of links of the host that it has. */
  readonly lent: readonly string[];
  /** Who else has ids of its own map, each in words. */
  readonly sharedIds: readonly string[];
  /** What it has of the host's file tree. */
  readonly folders: readonly SharedFolder[];
}

/** A folder of the host that a container has. */
export interface SharedFolder {
  readonly source: string;
  readonly readOnly: boolean;
  /** Whether it is the container's root folder. */
  readonly isRoot: boolean;
}

/** Ids below it belong to people and services of the host. */
const FIRST_FOREIGN_ID = 65_536;

/** In the order from the thickest on. */
export function describeWalls(described: Described): Wall[] {
  return [
    idsWall(described),
    capabilitiesWall(described),
    systemCallsWall(described),
    appArmorWall(described),
    privilegesWall(described),
    processesWall(described),
    networkWall(described),
    foldersWall(described),
  ];
}

function idsWall({ standing: { ids }, sharedIds }: Described): Wall {
  const ranges = ids.map(
    ({ inside, outside, count }) => `${span(inside, count)} are ${span(outside, count)}`,
  );
  const lowest = Math.min(...ids.map(({ outside }) => outside));
  const how = `users ${ranges.join(', ')} on the host`;
  if (lowest < FIRST_FOREIGN_ID)
    return {
      name: 'ids',
      state: lowest === 0 ? 'down' : 'loosened',
      how: `${how}, some of which are people or services of the host`,
    };
  return sharedIds.length === 0
    ? { name: 'ids', state: 'up', how }
    : { name: 'ids', state: 'loosened', how: `${how}; ${sharedIds.join('; ')}` };
}

const span = (first: number, count: number): string =>
  count === 1 ? String(first) : `${first}-${first + count - 1}`;

function capabilitiesWall({ standing: { capabilities } }: Described): Wall {
  const dropped = capabilitiesByNumber.filter((name) => !capabilities.has(name));
  const kept = defaultDrops.filter((name) => capabilities.has(name));
  const state = dropped.length === 0 ? 'down' : kept.length > 0 ? 'loosened' : 'up';
  const how =
    dropped.length === 0
      ? 'all, in its own user namespace'
      : dropped.length > capabilities.size
        ? capabilities.size === 0
          ? 'none'
          : `only ${[...capabilities].join(', ')}`
        : `all but ${dropped.join(', ')}, in its own user namespace`;
  return { name: 'capabilities', state, how };
}

function systemCallsWall({ standing: { isFiltered }, wanted: { seccomp } }: Described): Wall {
  if (!isFiltered)
    return {
      name: 'system-calls',
      state: 'down',
      how: seccomp === 'off' ? "the document has <seccomp policy='off'/>" : 'nothing filters them',
    };
  const allowed = seccomp === 'off' ? [] : seccomp.allowed;
  const refused = `${Object.keys(denials).length - allowed.length} are refused`;
  return allowed.length === 0
    ? { name: 'system-calls', state: 'up', how: refused }
    : { name: 'system-calls', state: 'loosened', how: `${refused}; allowed by name: ${allowed.join(', ')}` };
}

function appArmorWall({ standing: { label }, wanted }: Described): Wall {
  const down = (how: string): Wall => ({ name: 'apparmor', state: 'down', how });
  if (label === null) return down('this kernel has no AppArmor, or has it off');
  if (label !== UNCONFINED) return { name: 'apparmor', state: 'up', how: label };
  return down(
    wanted.appArmor
      ? "no profile could be loaded: see the daemon's log"
      : "the document has <apparmor policy='off'/>",
  );
}

function privilegesWall({ standing: { noNewPrivileges } }: Described): Wall {
  return noNewPrivileges
    ? { name: 'no-new-privileges', state: 'up', how: 'setuid files give no rights' }
    : { name: 'no-new-privileges', state: 'down', how: 'setuid files, such as sudo, give rights inside' };
}

function processesWall({ maxProcesses }: Described): Wall {
  return maxProcesses === null
    ? { name: 'processes', state: 'down', how: "no limit but the host's" }
    : { name: 'processes', state: 'up', how: `at most ${maxProcesses}` };
}

function networkWall({ standing: { ownNetwork }, links, linkWalls, lent }: Described): Wall {
  if (!ownNetwork) return { name: 'network', state: 'down', how: "the host's interfaces" };
  const open = links.flatMap((link) => {
    const why = openness(link, linkWalls);
    return why === undefined ? [] : [`${link.name} ${why}`];
  });
  for (const name of lent)
    open.push(`${name} sends from any address: it is a link of the host's, which sees nothing of it`);
  const own = 'interfaces of its own';
  if (open.length > 0) return { name: 'network', state: 'loosened', how: `${own}; ${open.join('; ')}` };
  const bound = links.length === 0 ? '' : ', which send from its own addresses alone';
  return { name: 'network', state: 'up', how: `${own}${bound}` };
}

/** What it writes there the host's programs read, with the owner that it says. */
function foldersWall({ folders }: Described): Wall {
  const those = (wanted: boolean): string[] =>
    folders
      .filter(({ readOnly }) => readOnly === wanted)
      .map(({ source, isRoot }) => (isRoot ? `${source} (its root)` : source));
  const [written, read] = [those(false), those(true)];
  const only = read.length === 0 ? '' : `reads ${read.join(', ')}`;
  if (written.length === 0)
    return { name: 'folders', state: 'up', how: only === '' ? "none of the host's" : `${only} alone` };
  const more = only === '' ? '' : `, ${only}`;
  return { name: 'folders', state: 'loosened', how: `writes ${written.join(', ')} of the host${more}` };
}

/** Why a link may send from other addresses than its domain's. */
function openness(
  { kind, isTrusted, addresses, absent = [], filter, tags }: LinkPlan,
  linkWalls: Described['linkWalls'],
): string | undefined {
  if (kind === 'card') return undefined; // told as what is lent
  if (kind === 'macvlan') return 'sends from any address: the host does not see what a macvlan sends';
  if (isTrusted) return "sends from any address: the document has trustGuestRxFilters='yes'";
  if (kind === 'bridge' && filter !== undefined) return `sends what filter '${filter.name}' lets through`;
  if (linkWalls === 'down') return 'sends from any address: ctvirtd.conf has link_walls = "down"';
  if (kind === 'routed') return undefined;
  const missing = ([4, 6] as const).filter(
    (wanted) => !absent.includes(wanted) && !addresses.some(({ family }) => family === wanted),
  );
  if (missing.length === 0)
    return tags === undefined || tags.tagged.length === 0
      ? undefined
      : `sends from any address that no other domain has in the VLANs that it tags itself (${tags.tagged.join(', ')})`;
  const families = missing.map((family) => `IPv${family}`).join(' and ');
  return `sends from any address of ${families} that no other domain has: the document has none`;
}
