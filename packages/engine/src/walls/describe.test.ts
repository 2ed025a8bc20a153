// Walls in words: up, loosened by what, down and why.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LinkPlan } from '../network/link-plan.js';
import { linkPlan } from '../testing/link-plan.js';
import { type Described, describeWalls } from './describe.js';
import { capabilitiesByNumber, standingOfPlan } from './standing.js';
import { defaultDrops, type WantedWalls } from './wanted.js';

const wanted: WantedWalls = {
  dropCapabilities: defaultDrops,
  keepCapabilities: undefined,
  seccomp: { allowed: [] },
  appArmor: true,
  noNewPrivileges: false,
};
const map = (outside: number) => {
  const ids = [{ inside: 0, outside, count: 65536 }];
  return { uid: ids, gid: ids };
};
const confined = { state: 'confined', name: 'lxc-ctvirt' } as const;

function stateOf(
  name: string,
  change: Partial<WantedWalls> & { outside?: number; appArmor?: boolean } = {},
  host: Parameters<typeof standingOfPlan>[1] = confined,
  more: Partial<Described> = {},
): string {
  const walls = { ...wanted, ...change };
  const standing = standingOfPlan({ walls, map: map(change.outside ?? 1 << 30) }, host, { hasSeccomp: true });
  const all = describeWalls({
    standing,
    wanted: walls,
    maxProcesses: 240,
    links: [],
    linkWalls: 'up',
    lent: [],
    sharedIds: [],
    folders: [],
    ...more,
  });
  const found = all.find((wall) => wall.name === name) ?? assert.fail(name);
  return `${found.state}: ${found.how}`;
}

test('ids that are the host’s own are told', () => {
  assert.match(stateOf('ids'), /^up: users 0-65535 are 1073741824-1073807359 on the host$/);
  assert.match(stateOf('ids', { outside: 1000 }), /^loosened: .*services of the host$/);
  assert.match(stateOf('ids', { outside: 0 }), /^down: /);
  const sharedIds = ['users 1073741824-1073807359 are those of another domain as well'];
  assert.match(
    stateOf('ids', {}, confined, { sharedIds }),
    /^loosened: .* on the host; users .* another domain/,
  );
});

test('capabilities beyond the usual loosen, and all of them are no wall', () => {
  assert.match(stateOf('capabilities'), /^up: all but sys_module, /);
  assert.match(stateOf('capabilities', { dropCapabilities: ['sys_time'] }), /^loosened: all but sys_time/);
  assert.match(stateOf('capabilities', { dropCapabilities: [] }), /^down: all/);
  assert.equal(
    stateOf('capabilities', { dropCapabilities: [], keepCapabilities: ['chown'] }),
    'up: only chown',
  );
  assert.equal(stateOf('capabilities', { dropCapabilities: [], keepCapabilities: [] }), 'up: none');
  assert.equal(capabilitiesByNumber.length, 41);
});

test('AppArmor: which profile, or who took it away', () => {
  assert.equal(stateOf('apparmor'), 'up: lxc-ctvirt (enforce)');
  assert.match(stateOf('apparmor', { appArmor: false }), /^down: the document has/);
  assert.match(
    stateOf('apparmor', {}, { ...confined, state: 'unconfined' }),
    /^down: no profile could be loaded/,
  );
  assert.match(stateOf('apparmor', {}, { ...confined, state: 'off' }), /^down: this kernel/);
});

test('the network: which links send from other addresses than their own', () => {
  const v4 = { address: '192.0.2.5', prefix: 24, family: 4 } as const;
  const v6 = { address: '2001:db8::5', prefix: 64, family: 6 } as const;
  const said = (...links: Partial<LinkPlan>[]) =>
    stateOf('network', {}, confined, { links: links.map((parts) => linkPlan({ kind: 'bridge', ...parts })) });
  assert.equal(said(), 'up: interfaces of its own');
  assert.match(said({ addresses: [v4, v6] }, { kind: 'routed', addresses: [v4] }), /^up: .* alone$/);
  assert.match(said({ addresses: [v4, v6], isTrusted: true }), /^loosened: .*eth0 .*trustGuestRxFilters/);
  assert.match(said({ addresses: [v4] }), /^loosened: .*any address of IPv6 that no other domain has/);
  assert.match(said({}), /^loosened: .*any address of IPv4 and IPv6/);
  assert.match(said({ addresses: [v4], absent: [6] }), /^up: /);
  const tags = { native: 10, isNativeTagged: false, tagged: [] };
  assert.match(said({ addresses: [v4, v6], tags }), /^up: /);
  assert.match(said({ addresses: [v4, v6], tags: { ...tags, tagged: [20] } }), /^loosened: .*VLANs .*\(20\)/);
  const filter = { name: 'clean-traffic', parameters: [] };
  assert.match(said({ filter }), /^loosened: .*eth0 sends what filter 'clean-traffic' lets through$/);
  const links = [linkPlan({ kind: 'bridge', addresses: [v4, v6] })];
  assert.match(stateOf('network', {}, confined, { links, linkWalls: 'down' }), /link_walls = "down"$/);
  assert.match(
    said({ addresses: [v4, v6] }, { name: 'eth1', kind: 'macvlan' }),
    /^loosened: .*; eth1 .*macvlan/,
  );
});

test('folders of the host: those that are written are told', () => {
  const folder = (source: string, readOnly: boolean, isRoot = false) => ({ source, readOnly, isRoot });
  const said = (...folders: ReturnType<typeof folder>[]) => stateOf('folders', {}, confined, { folders });
  assert.equal(said(), "up: none of the host's");
  assert.equal(said(folder('/srv/a', true)), 'up: reads /srv/a alone');
  assert.equal(
    said(folder('/etc', false), folder('/srv/a', true)),
    'loosened: writes /etc of the host, reads /srv/a',
  );
  assert.equal(said(folder('/srv/r', false, true)), 'loosened: writes /srv/r (its root) of the host');
});

test('the rest: processes, setuid files, the filter', () => {
  assert.equal(stateOf('processes'), 'up: at most 240');
  assert.match(stateOf('processes', {}, confined, { maxProcesses: null }), /^down: /);
  assert.match(stateOf('no-new-privileges', { noNewPrivileges: true }), /^up: /);
  assert.match(stateOf('system-calls', { seccomp: 'off' }), /^down: the document has/);
});
