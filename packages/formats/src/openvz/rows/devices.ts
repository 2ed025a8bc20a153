// Device keys: nodes, capabilities, features of the kernel.
// SPDX-License-Identifier: Apache-2.0
import type { CapabilityName, Hostdev } from '@ctvirt/xml';
import { capabilityStates, isCapability, withCapabilities, withHostdevs } from '../../edit.js';
import { approximated, carried, ignored, type Outcome } from '../../outcome.js';
import { inGroup, ownWord } from '../parameter.js';
import { parseList, parseSwitches } from '../values.js';
import { omit } from '../without.js';

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

/** In the order of a new file. */
export const deviceRows = inGroup('device', [
  {
    key: 'DEVICES',
    syntax: 'list',
    duplicates: 'all',
    meaning: 'device permissions by number',
    how: 'a device is handed over by its name, as DEVNODES has it',
  },
  {
    key: 'DEVNODES',
    syntax: 'list',
    duplicates: 'all',
    meaning: 'device permissions by name',
    read(domain, value): Outcome {
      const nodes = parseList(value).map(readNode);
      const good = nodes.filter((node) => node !== undefined);
      if (good.length === 0)
        return value === '' ? carried(domain, 'nothing') : ignored('it names no device node');
      const result = withHostdevs(
        domain,
        good.map(({ hostdev }) => hostdev),
      );
      if (good.some(({ hostdev }) => hostdev.type !== 'misc'))
        return approximated(
          result,
          'a hostdev for each that is not denied; block devices are not handed over',
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
  },
  { key: 'PCI', syntax: 'list', duplicates: 'all', profile: false, meaning: 'PCI devices visible inside' },
  {
    key: 'CAPABILITY',
    syntax: 'switches',
    duplicates: 'all',
    meaning: 'Linux capabilities on or off',
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
    forget: (domain) =>
      domain.features === undefined
        ? domain
        : { ...domain, features: omit(domain.features, ['capabilities']) },
  },
  {
    key: 'FEATURES',
    syntax: 'switches',
    duplicates: 'all',
    meaning: 'kernel features on or off',
    how: 'a kernel of today gives each container its tunnels and bridges; file systems of the network (nfs) it gives none',
  },
]);
