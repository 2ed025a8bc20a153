// Small changes to a domain, each answering a new one.
// SPDX-License-Identifier: Apache-2.0
import {
  type Capabilities,
  type CapabilityName,
  type ContainerType,
  type Cputune,
  capabilityNames,
  type Domain,
  type Filesystem,
  type Hostdev,
  type Interface,
  isRoot,
  type Memtune,
  type Os,
  type Vcpu,
} from '@ctvirt/xml';

/** A container with nothing but a name. */
export const emptyDomain = (type: ContainerType, name: string): Domain => ({
  type,
  name,
  os: { type: { value: 'exe' }, init: '/sbin/init' },
  devices: {},
});

/** Sets limits of memory, in KiB, beside those already set. */
export const withMemtune = (domain: Domain, set: Partial<Memtune>): Domain => ({
  ...domain,
  memtune: { ...domain.memtune, ...set },
});

/** Sets weight, quota or pins beside those already set; times are in microseconds. */
export const withCputune = (domain: Domain, set: Partial<Cputune>): Domain => ({
  ...domain,
  cputune: { ...domain.cputune, ...set },
});

/** `cpus` is the number of processors where the domain does not say. */
export const withVcpu = (domain: Domain, set: Partial<Vcpu>, cpus: number): Domain => ({
  ...domain,
  vcpu: { placement: 'static', value: cpus, ...domain.vcpu, ...set },
});

/** Binds its memory to nodes of the host, such as `0-1`, strictly. */
export const withNodeset = (domain: Domain, nodeset: string): Domain => ({
  ...domain,
  numatune: { ...domain.numatune, memory: { mode: 'strict', nodeset } },
});

/** Sets what it boots, beside what is already set. */
export const withOs = (domain: Domain, set: Partial<Os>): Domain => ({
  ...domain,
  os: { ...domain.os, ...set },
});

/** Adds network interfaces behind those already there. */
export function withInterfaces(domain: Domain, added: readonly Interface[]): Domain {
  if (added.length === 0) return domain;
  const interfaces = [...(domain.devices.interfaces ?? []), ...added];
  return { ...domain, devices: { ...domain.devices, interfaces } };
}

/** Adds devices of the host behind those already there. */
export function withHostdevs(domain: Domain, added: readonly Hostdev[]): Domain {
  if (added.length === 0) return domain;
  const hostdevs = [...(domain.devices.hostdevs ?? []), ...added];
  return { ...domain, devices: { ...domain.devices, hostdevs } };
}

/** Adds a device unless it is there already: several keys may speak of one. */
export function withDevice(domain: Domain, hostdev: Hostdev): Domain {
  const text = JSON.stringify(hostdev);
  const known = domain.devices.hostdevs?.some((one) => JSON.stringify(one) === text) === true;
  return known ? domain : withHostdevs(domain, [hostdev]);
}

/** The root goes first, whenever it comes. */
export function withFilesystem(domain: Domain, added: Filesystem): Domain {
  const known = domain.devices.filesystems ?? [];
  const filesystems = isRoot(added) ? [added, ...known] : [...known, added];
  return { ...domain, devices: { ...domain.devices, filesystems } };
}

/** The root file system, if the domain has one. */
export function rootOf(domain: Domain): Filesystem | undefined {
  return domain.devices.filesystems?.find(isRoot);
}

/** Changes the root file system; a domain without one stays as it is. */
export function withRoot(domain: Domain, change: (root: Filesystem) => Filesystem): Domain {
  const filesystems = domain.devices.filesystems?.map((one) => (isRoot(one) ? change(one) : one));
  return filesystems === undefined ? domain : { ...domain, devices: { ...domain.devices, filesystems } };
}

/** Gives it a network stack of its own, even without any interface. */
export const withPrivnet = (domain: Domain): Domain => ({
  ...domain,
  features: { ...domain.features, privnet: true },
});

const known: ReadonlySet<string> = new Set(capabilityNames);
/** True for libvirt's name of a capability: lower case, without CAP_. */
export const isCapability = (word: string): word is CapabilityName => known.has(word);

/** Sets capabilities beside those already set; the policy counts only if there was none. */
export function withCapabilities(
  domain: Domain,
  policy: Capabilities['policy'],
  states: Iterable<readonly [CapabilityName, 'on' | 'off']>,
): Domain {
  const capabilities: Capabilities = {
    ...{ policy },
    ...domain.features?.capabilities,
    ...Object.fromEntries(states),
  };
  return { ...domain, features: { ...domain.features, capabilities } };
}

/** The capabilities of a domain that have a state, in the schema's order. */
export function capabilityStates(domain: Domain): [CapabilityName, 'on' | 'off'][] {
  const { capabilities } = domain.features ?? {};
  return capabilityNames.flatMap((word): [CapabilityName, 'on' | 'off'][] => {
    const state = capabilities?.[word];
    return state === undefined ? [] : [[word, state]];
  });
}

/** What a root and any directory mount have in common. */
export const rootTarget = { accessmode: 'passthrough', target: { dir: '/' } } as const;
