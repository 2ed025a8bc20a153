// The VLANs that a port of a bridge is in: what its container may tag its frames with, and which it is in without a tag.
// SPDX-License-Identifier: Apache-2.0
import type { Interface } from '@ctvirt/xml';
import { EngineError } from '../errors.js';
import { linkNamed } from '../host/host-links.js';
import { hasLink } from '../host/links.js';
import { run } from '../host/run.js';

/** A port is in these VLANs and in no other: the bridge passes it no other frames, and drops what it tags otherwise. */
export interface PortTags {
  /** The one of frames without a tag; undefined where these are dropped. */
  readonly native: number | undefined;
  /** Whether frames of the native one go to the container with their tag. */
  readonly isNativeTagged: boolean;
  /** Those that the container knows by their tags. */
  readonly tagged: readonly number[];
}

/** A port by its name on the host; without tags it is in the VLAN that its bridge has for all. */
export interface PluggedPort {
  readonly name: string;
  readonly tags: PortTags | undefined;
}

const LAST = 4094;
type Vlan = NonNullable<Interface['vlan']>;

/** Of one tag alone the container knows nothing; of several, a trunk's, it knows all but the native one. */
export function tagsOf({ trunk, tags = [] }: Vlan): PortTags {
  const odd = tags.find(({ id }) => id < 1 || id > LAST);
  if (odd !== undefined)
    throw new EngineError('unsupported', `a bridge has no VLAN ${odd.id}: they are 1 to ${LAST}`);
  const isTrunk = trunk ?? tags.length > 1;
  const native = tags.find(({ nativeMode }) => nativeMode !== undefined) ?? (isTrunk ? undefined : tags[0]);
  return {
    native: native?.id,
    isNativeTagged: native?.nativeMode === 'tagged',
    tagged: [...new Set(tags.flatMap(({ id }) => (id === native?.id ? [] : [id])))],
  };
}

/** Throws where a bridge would let the link send and hear whatever its tag is. */
export function refuseVainTags(name: string, bridge: string): void {
  const vlans = linkNamed(bridge)?.vlans;
  if (vlans?.areApart === true) return;
  throw new EngineError(
    'unsupported',
    vlans === undefined
      ? `interface ${name} cannot be in a VLAN: ${bridge} is no bridge of a kernel with CONFIG_BRIDGE_VLAN_FILTERING`
      : `interface ${name} cannot be in a VLAN: the bridge ${bridge} keeps none apart; ip link set dev ${bridge} type bridge vlan_filtering 1`,
  );
}

/** Plugs a port in. One with tags is up only when it has them: before, it is in the VLAN of all. */
export async function plugIn(bridge: string, { name, tags }: PluggedPort): Promise<void> {
  const plug = () => run([IP, 'link', 'set', 'dev', name, 'master', bridge]);
  if (tags === undefined) return void (await plug());
  const isUp = linkNamed(name)?.isUp === true;
  if (isUp) await run([IP, 'link', 'set', 'dev', name, 'down']);
  await plug();
  await tagPort(bridge, { name, tags });
  if (isUp) await run([IP, 'link', 'set', 'dev', name, 'up']);
}

/** Gives a port these tags and no other; without any, what a new port has. In VLANs that it was in and is to be in it stays. */
export async function tagPort(bridge: string, { name, tags }: PluggedPort): Promise<void> {
  refuseVainTags(name, bridge);
  const first = linkNamed(bridge)?.vlans?.first ?? 0;
  const all = tags ?? { native: first === 0 ? undefined : first, isNativeTagged: false, tagged: [] };
  const native =
    all.native === undefined
      ? []
      : [`vlan add dev ${name} vid ${all.native} pvid${all.isNativeTagged ? '' : ' untagged'}`];
  const lines = [
    ...without([...all.tagged, ...(all.native === undefined ? [] : [all.native])]).map(
      (range) => `vlan delete dev ${name} vid ${range}`,
    ),
    ...native,
    ...all.tagged.map((id) => `vlan add dev ${name} vid ${id}`),
  ];
  await run([BRIDGE, '-batch', '-'], { input: lines.map((line) => `${line}\n`).join('') }).catch(
    (error: unknown) => {
      if (hasLink(name)) throw error;
    },
  );
}

const IP = '/sbin/ip';
const BRIDGE = '/sbin/bridge';

/** All VLANs but these, in ranges. */
export function without(ids: readonly number[]): string[] {
  const bounds = [0, ...ids.toSorted((a, b) => a - b), LAST + 1];
  return bounds.flatMap((start, at) => {
    const [from, to] = [start + 1, (bounds[at + 1] ?? 0) - 1];
    return from > to ? [] : [from === to ? `${from}` : `${from}-${to}`];
  });
}
