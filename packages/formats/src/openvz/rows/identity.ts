// Identity keys: the container's name, what its root is made of, its texts, its capabilities and devices.
// SPDX-License-Identifier: Apache-2.0
import type { CapabilityName, Filesystem, Hostdev } from '@ctvirt/xml';
import { parameterValue, withValue } from '../../beancounters.js';
import {
  capabilityStates,
  isCapability,
  rootOf,
  rootTarget,
  withCapabilities,
  withFilesystem,
  withHostdevs,
} from '../../edit.js';
import { approximated, carried, ignored, type Outcome } from '../../outcome.js';
import { ownWord, type ReadContext, type Row } from '../row.js';
import { parseBool, parseList, parsePath, parseSwitches } from '../values.js';

/** Names OpenVZ accepts beside the number. */
export const namePattern = /^[A-Za-z0-9 +_.-]+$/;

const name: Row = {
  key: 'NAME',
  read(domain, value) {
    return namePattern.test(value) ? carried({ ...domain, name: value }, 'name') : ignored('it is no name');
  },
  write: (domain, { ctid }) =>
    domain.name === String(ctid) || !namePattern.test(domain.name) ? undefined : domain.name,
};

const ostemplate: Row = {
  key: 'OSTEMPLATE',
  read(domain, value, { root }) {
    if (value === '') return ignored('it is empty');
    if (root === 'private' || rootOf(domain) !== undefined)
      return carried(
        withValue(domain, 'OSTEMPLATE', value),
        'parameter ostemplate: the root is there already',
      );
    return carried(
      withFilesystem(domain, { type: 'template', source: { name: value }, ...rootTarget }),
      'source of the root, of type template',
    );
  },
  write(domain) {
    const root = rootOf(domain);
    return root?.type === 'template' ? root.source.name : parameterValue(domain, 'OSTEMPLATE');
  },
};

function privateRoot(path: string, layout: string | undefined): Filesystem {
  if (layout?.startsWith('ploop') !== true) return { type: 'mount', source: { dir: path }, ...rootTarget };
  return {
    type: 'file',
    driver: { type: 'ploop', format: 'ploop' },
    source: { file: `${path}/root.hdd/root.hds` },
    ...rootTarget,
  };
}

const vePrivate: Row = {
  key: 'VE_PRIVATE',
  read(domain, value, { ctid, values }) {
    if (rootOf(domain) !== undefined)
      return carried(withValue(domain, 'VE_PRIVATE', value), 'parameter ve_private');
    const path = parsePath(value, ctid);
    if (path === undefined) return ignored('it is no absolute path');
    const kept = value.includes('$') ? withValue(domain, 'VE_PRIVATE', value) : domain;
    return carried(withFilesystem(kept, privateRoot(path, values.get('VE_LAYOUT'))), 'source of the root');
  },
  write(domain) {
    const root = rootOf(domain);
    const kept = parameterValue(domain, 'VE_PRIVATE');
    if (kept !== undefined) return kept;
    if (root?.type === 'mount') return root.source.dir;
    return root?.type === 'file' ? /^(.+)\/root\.hdd\/root\.hds$/.exec(root.source.file)?.[1] : undefined;
  },
};

const originSample: Row = {
  key: 'ORIGIN_SAMPLE',
  read(domain, value) {
    if (value === '') return ignored('it is empty');
    // Not the element <profile>: its values are in this file already, changed since or not.
    return carried(withValue(domain, 'ORIGIN_SAMPLE', value), 'parameter origin_sample');
  },
  write: (domain) => domain.profile ?? parameterValue(domain, 'ORIGIN_SAMPLE'),
};

const description: Row = {
  key: 'DESCRIPTION',
  read(domain, value) {
    if (domain.description !== undefined) return ownWord;
    return carried(value === '' ? domain : { ...domain, description: value }, 'description');
  },
  // A value is one line.
  write: (domain) => domain.description?.replace(/[\r\n]+/g, ' ') || undefined,
};

const capability: Row = {
  key: 'CAPABILITY',
  read(domain, value) {
    const wanted = parseSwitches(value) ?? new Map<string, boolean>();
    if (domain.features?.capabilities !== undefined) return ownWord;
    const states: [CapabilityName, 'on' | 'off'][] = [];
    const others: string[] = [];
    for (const [word, on] of wanted) {
      if (isCapability(word)) states.push([word, on ? 'on' : 'off']);
      else others.push(word);
    }
    const result = withCapabilities(domain, 'default', states);
    if (others.length === 0) return carried(result, 'capabilities');
    if (others.length === wanted.size) return ignored(`Linux has no capability ${others.join(', ')}`);
    return approximated(result, `capabilities, but for ${others.join(', ')}, which Linux does not have`);
  },
  write(domain) {
    const items = capabilityStates(domain).map(([word, state]) => `${word.toUpperCase()}:${state}`);
    return items.length === 0 ? undefined : items.join(' ');
  },
};

/** Nodes that are characters; OpenVZ names nodes without telling their kind. */
const characterNodes =
  /^(net\/tun|fuse|ppp|kvm|rtc\d*|tty[A-Z]*\d+|snd\/.+|input\/.+|random|urandom|null|zero|full|hwrng)$/;

function readNode(item: string): { hostdev: Hostdev; whole: boolean } | undefined {
  const [node = '', permissions = ''] = item.split(':');
  if (node === '' || node.includes('..') || permissions === 'none') return undefined;
  const path = `/dev/${node}`;
  const hostdev: Hostdev = characterNodes.test(node)
    ? { type: 'misc', mode: 'capabilities', source: { char: path } }
    : { type: 'storage', mode: 'capabilities', source: { block: path } };
  return { hostdev, whole: permissions.startsWith('rw') };
}

const devnodes: Row = {
  key: 'DEVNODES',
  read(domain, value): Outcome {
    const nodes = parseList(value).map(readNode);
    const good = nodes.filter((node) => node !== undefined);
    if (good.length === 0)
      return value === '' ? carried(domain, 'nothing') : ignored('it names no device node');
    const result = withHostdevs(
      domain,
      good.map(({ hostdev }) => hostdev),
    );
    return good.length === nodes.length && good.every(({ whole }) => whole)
      ? carried(result, 'a hostdev for each')
      : approximated(result, 'a hostdev for each that is not denied; always to be read and written');
  },
  write(domain) {
    const items = (domain.devices.hostdevs ?? []).flatMap((one) => {
      const path =
        one.type === 'misc' ? one.source.char : one.type === 'storage' ? one.source.block : undefined;
      return path?.startsWith('/dev/') === true ? [`${path.slice('/dev/'.length)}:rw`] : [];
    });
    return items.length === 0 ? undefined : items.join(' ');
  },
};

/** OSTEMPLATE or VE_PRIVATE makes the root, whichever the reader was asked for; the other is noted. */
export function rootRows({ root }: Pick<ReadContext, 'root'>): readonly Row[] {
  return root === 'template' ? [ostemplate, vePrivate] : [vePrivate, ostemplate];
}

const disabled: Row = {
  key: 'DISABLED',
  read(domain, value) {
    const kept = withValue(domain, 'DISABLED', value);
    return parseBool(value) === true
      ? approximated(kept, 'parameter disabled: kept, but only autostart heeds it')
      : carried(kept, 'parameter disabled');
  },
  write: (domain) => parameterValue(domain, 'DISABLED'),
};

const veid: Row = {
  key: 'VEID',
  read(domain, value, { ctid }) {
    return ctid === undefined || value === String(ctid)
      ? carried(withValue(domain, 'VEID', value), 'parameter veid')
      : ignored(`the file is that of ${ctid}, and its name counts`);
  },
  write: (domain) => parameterValue(domain, 'VEID'),
};

export const identityRows: readonly Row[] = [
  name,
  originSample,
  description,
  disabled,
  veid,
  capability,
  devnodes,
];
