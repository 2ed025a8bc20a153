// What differs between two documents of a domain, in the words that clients are told a change in.
// SPDX-License-Identifier: Apache-2.0
import type { Change } from '@ctvirt/api';
import type { ResourceOptions } from '@ctvirt/formats';
import { currentMemoryKiB, type Domain, namespaceOf, processorTimeOf } from '@ctvirt/xml';
import { explained } from '../lifecycle/resources.js';

/** Of a running domain the interfaces have the names that their links have. */
export function changesBetween(before: Domain, after: Domain, facts: ResourceOptions): Change[] {
  if (before === after) return [];
  return [
    ...tunables(before, after),
    ...memory(before, after),
    ...parameters(before, after, facts),
    ...metadata(before, after),
    ...interfaces(before, after),
  ];
}

/** The same in few words, with the values that there are now. */
export function changeWords(before: Domain, after: Domain, facts: ResourceOptions): string {
  const values = new Map(explained(after, facts).map(({ key, value }) => [key, value] as const));
  const words = changesBetween(before, after, facts).flatMap((change): readonly string[] => {
    switch (change.what) {
      case 'parameters':
        return change.keys.map((key) => `${key}=${values.get(key) ?? ''}`);
      case 'memory':
        return [`memory=${change.currentKiB}KiB`];
      case 'metadata':
        return [change.uri ?? change.kind];
      case 'tunable':
        return Object.entries(change.values).map(([name, value]) => `${name}=${value}`);
      default:
        return [`${change.what} ${change.alias}`];
    }
  });
  return words.join(', ');
}

/** libvirt's names, and what stands for each in a document: the kernel's own value where it says nothing. */
function tunableValues(domain: Domain): ReadonlyMap<string, number | string> {
  const { shares, periodUs, quotaUs } = processorTimeOf(domain);
  return new Map<string, number | string>([
    ['cputune.cpu_shares', shares],
    ['cputune.vcpu_period', periodUs],
    ['cputune.vcpu_quota', quotaUs],
    ...(domain.cputune?.vcpupins ?? []).map(({ vcpu, cpuset }): [string, string] => [
      `cputune.vcpupin${vcpu}`,
      cpuset ?? '',
    ]),
  ]);
}

function tunables(before: Domain, after: Domain): Change[] {
  const [old, next] = [tunableValues(before), tunableValues(after)];
  const values = [...next].filter(([name, value]) => old.get(name) !== value);
  return values.length === 0 ? [] : [{ what: 'tunable', values: Object.fromEntries(values) }];
}

function memory(before: Domain, after: Domain): Change[] {
  const currentKiB = currentMemoryKiB(after);
  return currentKiB === undefined || currentKiB === currentMemoryKiB(before)
    ? []
    : [{ what: 'memory', currentKiB }];
}

function parameters(before: Domain, after: Domain, facts: ResourceOptions): Change[] {
  const valuesOf = (domain: Domain) =>
    new Map(explained(domain, facts).map(({ key, value }) => [key, value] as const));
  const [old, next] = [valuesOf(before), valuesOf(after)];
  const keys = [...new Set([...old.keys(), ...next.keys()])].filter((key) => old.get(key) !== next.get(key));
  return keys.length === 0 ? [] : [{ what: 'parameters', keys }];
}

function metadata(before: Domain, after: Domain): Change[] {
  const elementsOf = ({ metadata: elements = [] }: Domain) =>
    new Map(elements.map((xml) => [namespaceOf(xml)?.uri ?? null, xml] as const));
  const [old, next] = [elementsOf(before), elementsOf(after)];
  const uris = [...new Set([...old.keys(), ...next.keys()])].filter((uri) => old.get(uri) !== next.get(uri));
  return [
    ...(['title', 'description'] as const)
      .filter((kind) => before[kind] !== after[kind])
      .map((kind): Change => ({ what: 'metadata', kind, uri: null })),
    ...uris.map((uri): Change => ({ what: 'metadata', kind: 'element', uri })),
  ];
}

function interfaces(before: Domain, after: Domain): Change[] {
  const namesOf = ({ devices }: Domain) =>
    (devices.interfaces ?? []).flatMap(({ target, guest }) => target?.dev ?? guest?.dev ?? []);
  const [old, next] = [namesOf(before), namesOf(after)];
  return [
    ...old
      .filter((alias) => !next.includes(alias))
      .map((alias): Change => ({ what: 'device-removed', alias })),
    ...next.filter((alias) => !old.includes(alias)).map((alias): Change => ({ what: 'device-added', alias })),
  ];
}
