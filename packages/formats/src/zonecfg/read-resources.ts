// A zone's resources other than its network: file systems, devices, datasets, caps, controls, attributes.
// SPDX-License-Identifier: Apache-2.0
import { type Domain, familyOf, type Hostdev } from '@ctvirt/xml';
import { withDevice, withFilesystem } from '../edit.js';
import type { HostFacts } from '../format.js';
import { filesystemOf, withMount } from '../fstab.js';
import { approximated, carried, ignored, type Outcome } from '../outcome.js';
import { controls, withPhysical, withProcessors, zoneSize } from './controls.js';
import type { ZoneResource } from './parse.js';
import { listOf, noteResource, property } from './row.js';

type ResourceRead = (domain: Domain, resource: ZoneResource, host: HostFacts) => Outcome;

/** Types of Solaris and what fstab calls them. */
const fsTypes: Readonly<Record<string, string>> = {
  lofs: 'none',
  tmpfs: 'tmpfs',
  ufs: 'ufs',
  hsfs: 'iso9660',
  pcfs: 'vfat',
};

const fs: ResourceRead = (domain, resource) => {
  const [dir, special = '', type = ''] = ['dir', 'special', 'type'].map((name) => property(resource, name));
  if (dir === undefined || !dir.startsWith('/'))
    return noteResource(domain, resource, 'it has no absolute dir');
  if ((domain.devices.filesystems ?? []).some(({ target }) => target?.dir === dir))
    return ignored(`${dir} has a file system already`);
  const options = listOf(resource, 'options').flatMap((one) => one.split(','));
  if (type === 'zfs') return readZfs(domain, resource, { dir, special, options });
  const known = Object.hasOwn(fsTypes, type) ? fsTypes[type] : undefined;
  if (known === undefined)
    return noteResource(domain, resource, `file systems of type ${type} have no element`);
  const found = filesystemOf({
    source: special,
    target: dir,
    type: known,
    options: known === 'none' ? ['bind', ...options] : options,
  });
  if (found.filesystem === undefined) return noteResource(domain, resource, found.why);
  const result = withMount(domain, found);
  if (found.loss !== undefined) return approximated(result, found.loss);
  return found.filesystem.type === 'block'
    ? approximated(result, 'filesystem of type block: the device has another name on Linux')
    : carried(result, `filesystem of type ${found.filesystem.type}`);
};

function readZfs(
  domain: Domain,
  resource: ZoneResource,
  { dir, special, options }: { dir: string; special: string; options: readonly string[] },
): Outcome {
  const [, pool, name] = /^([^/]+)\/(.+)$/.exec(special) ?? [];
  if (pool === undefined || name === undefined)
    return noteResource(domain, resource, `${special} is no dataset below a pool`);
  const rest = options.filter((option) => option !== 'ro' && option !== 'rw');
  return approximated(
    withFilesystem(domain, {
      type: 'volume',
      accessmode: 'passthrough',
      source: { pool, volume: name, ...(rest.length === 0 ? {} : { options: rest.join(',') }) },
      target: { dir },
      ...(options.includes('ro') ? { readonly: true } : {}),
    }),
    'filesystem of type volume: the pool must be defined here',
  );
}

const inherited: ResourceRead = (domain, resource) => {
  const dir = property(resource, 'dir');
  if (dir === undefined || !dir.startsWith('/')) return ignored('it has no absolute dir');
  return approximated(
    withFilesystem(domain, {
      type: 'mount',
      accessmode: 'passthrough',
      source: { dir },
      target: { dir },
      readonly: true,
    }),
    'filesystem of type mount, read-only: packages know nothing of it',
  );
};

const device: ResourceRead = (domain, resource) => {
  const match = property(resource, 'match');
  if (match === undefined || !match.startsWith('/dev/') || /[*?[]/.test(match))
    return noteResource(domain, resource, 'no element names devices by pattern');
  const hostdev: Hostdev = /^\/dev\/(r?dsk|zvol|sd|vd|nvme)/.test(match)
    ? { type: 'storage', mode: 'capabilities', source: { block: match } }
    : { type: 'misc', mode: 'capabilities', source: { char: match } };
  return carried(withDevice(domain, hostdev), 'hostdev');
};

const dataset: ResourceRead = (domain, resource) => {
  const name = property(resource, 'name');
  if (name === undefined || name.startsWith('/') || name === '')
    return ignored('it has no name of a dataset');
  return carried(
    withFilesystem(domain, { type: 'dataset', accessmode: 'passthrough', source: { name } }),
    'filesystem of type dataset',
  );
};

const dedicated: ResourceRead = (domain, resource, host) => {
  const count = property(resource, 'ncpus');
  const result = withProcessors(domain, count ?? '', host);
  if (result === undefined)
    return noteResource(domain, resource, `${count ?? 'it'} is no number of processors`);
  const kept = noteResource(result, resource, '').domain ?? result;
  return approximated(kept, 'vcpu: other containers may use them too');
};

const cappedCpu: ResourceRead = (domain, resource, host) => {
  const count = property(resource, 'ncpus') ?? '';
  if (!/^\d{1,4}(\.\d{1,6})?$/.test(count)) return ignored(`${count} is no number of processors`);
  return controls['cpu-cap']?.(domain, Math.round(Number(count) * 100), host) ?? ignored('');
};

const cappedMemory: ResourceRead = (domain, resource, host) => {
  const outcomes: Outcome[] = [];
  let result = domain;
  for (const [name, read] of [
    ['physical', withPhysical],
    ['swap', controls['max-swap']],
    ['locked', controls['max-locked-memory']],
  ] as const) {
    const text = property(resource, name);
    if (text === undefined) continue;
    const bytes = zoneSize(text);
    const outcome =
      bytes === undefined || read === undefined ? ignored(`${text} is no size`) : read(result, bytes, host);
    result = outcome.domain ?? result;
    outcomes.push(outcome);
  }
  const words = outcomes.map((outcome) => outcome.why ?? outcome.how).join('; ');
  if (outcomes.every(({ why }) => why !== undefined)) return ignored(words || 'it limits nothing');
  return outcomes.every((outcome) => outcome.why === undefined && outcome.loss === undefined)
    ? carried(result, words)
    : approximated(result, words);
};

const rctl: ResourceRead = (domain, resource, host) => {
  const name = property(resource, 'name') ?? '';
  const values = resource.properties.flatMap(({ name: key, value }) =>
    key === 'value' && value.kind === 'group' ? [value.fields] : [],
  );
  const limit = values[0]?.get('limit') ?? '';
  const short = name.startsWith('zone.') ? name.slice('zone.'.length) : '';
  const read = Object.hasOwn(controls, short) ? controls[short] : undefined;
  if (read === undefined || values.length !== 1 || !/^\d{1,15}$/.test(limit))
    return noteResource(domain, resource, 'no element holds this control; kept with its commands');
  return read(domain, Number(limit), host);
};

const attributes: Readonly<Record<string, (domain: Domain, value: string) => Domain | undefined>> = {
  comment: (domain, description) => ({ ...domain, description }),
  hostname: (domain, hostname) => ({ ...domain, hostname }),
  resolvers: (domain, value) => {
    const list = value.split(/[\s,]+/).filter((word) => word !== '');
    if (list.length === 0 || list.some((address) => familyOf(address) === undefined)) return undefined;
    return { ...domain, dns: { ...domain.dns, nameservers: list.map((address) => ({ address })) } };
  },
  'dns-domain': (domain, value) => ({ ...domain, dns: { ...domain.dns, searches: [{ domain: value }] } }),
};

const attr: ResourceRead = (domain, resource) => {
  const [name = '', value = ''] = [property(resource, 'name'), property(resource, 'value')];
  const read = Object.hasOwn(attributes, name) ? attributes[name] : undefined;
  const result = value === '' ? undefined : read?.(domain, value);
  return result === undefined
    ? noteResource(domain, resource, 'no element holds this attribute; kept with its commands')
    : carried(result, 'description, hostname or dns');
};

/** By type of resource; `net` is read apart. */
export const resourceReads: Readonly<Record<string, ResourceRead>> = {
  fs,
  'inherit-pkg-dir': inherited,
  device,
  dataset,
  'dedicated-cpu': dedicated,
  'capped-cpu': cappedCpu,
  'capped-memory': cappedMemory,
  rctl,
  attr,
};
