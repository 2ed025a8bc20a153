// The parameters of vzctl set and create: each option, and what it adds to the change.
// SPDX-License-Identifier: Apache-2.0
import { keyValue, orderOfBootorder, parameterOf, resourceRules, setKey } from '@ctvirt/formats';
import { capabilityNames } from '@ctvirt/xml';
import { VzError } from '../exit-codes.js';
import type { Given, VzOption } from '../options.js';
import { Change, type Edit } from './change.js';
import { changeInterface, deviceNode, interfaceOf, numberedDevice } from './devices.js';

interface Setting extends VzOption {
  readonly gather: (change: Change, value: string) => void;
}

const listed = (text: string): string[] => text.split(/[\s,]+/).filter((item) => item !== '');

/** The document says it with this value from its next start on. */
const key =
  (name: string): Setting['gather'] =>
  (change, value) =>
    change.edits.push((domain, keys) => setKey(domain, name, value, keys));

/** Items of the form NAME:on beside those that are there. */
const switches =
  (name: string): Setting['gather'] =>
  (change, value) => {
    const merge: Edit = (domain, keys) => {
      const items = [...listed(keyValue(domain, name, keys) ?? ''), ...listed(value)];
      const states = new Map(items.map((item) => [item.split(':')[0]?.toLowerCase(), item]));
      return setKey(domain, name, [...states.values()].join(' '), keys);
    };
    change.edits.push(merge);
  };

const items =
  (name: string, { isAdded }: { readonly isAdded: boolean }): Setting['gather'] =>
  (change, value) =>
    change.edits.push((domain, keys) => {
      const before = listed(keyValue(domain, name, keys) ?? '').filter((one) => one !== value);
      return setKey(domain, name, [...before, ...(isAdded ? [value] : [])].join(' '), keys);
    });

/** It is taken, and said to do nothing. */
const idle =
  (option: string, why: string): Setting['gather'] =>
  (change) =>
    change.remarks.push(`--${option} has no effect here: ${why}`);

function yesOrNo(option: string, value: string): boolean {
  if (value !== 'yes' && value !== 'no')
    throw new VzError('value', `Bad parameter for option --${option}: ${value}`);
  return value === 'yes';
}

const marked =
  (option: string, name: string): Setting['gather'] =>
  (change, value) => {
    const text = yesOrNo(option, value) ? 'yes' : 'no';
    change.marks.push((domain, keys) => setKey(domain, name, text, keys));
  };

/** Without a suffix vzctl counts megabytes, and its files bytes. */
const inBytes = (value: string): string =>
  /^\d+(\.\d+)?$/.test(value) && value !== '0' ? `${value}M` : value;

const sizes: Readonly<Record<string, Setting>> = {
  ram: resource('ram', 'memory: the limit of --physpages, in bytes', 'bytes'),
  swap: resource('swap', 'swap: the limit of --swappages, in bytes', 'bytes'),
};

function resource(name: string, here: string, value: string): Setting {
  return {
    value,
    here,
    gather: (change, text) => {
      change.values[name] = name === 'iolimit' ? inBytes(text) : text;
    },
  };
}

const resources: Readonly<Record<string, Setting>> = Object.fromEntries(
  resourceRules.map(({ key: rule }) => {
    const { meaning = '', unit, status, how } = parameterOf(rule) ?? {};
    const here = `${meaning}: ${status ?? 'recorded'}${how === undefined ? '' : ` (${how})`}`;
    return [rule.toLowerCase(), resource(rule.toLowerCase(), here, unit ?? 'value')];
  }),
);

const identity: Readonly<Record<string, Setting>> = {
  name: {
    value: 'name',
    here: 'calls the domain so; it keeps its CTID. One that runs is called so after a restart (--setmode restart), else it is refused',
    gather: (change, value) => {
      // Digits are a CTID wherever a container is named.
      if (!/^[A-Za-z0-9 +_.-]*$/.test(value) || /^\d+$/.test(value))
        throw new VzError('name', `Bad name: ${value}`);
      change.name = value;
    },
  },
  description: {
    value: 'text',
    here: 'the `<description>`',
    gather: (change, value) => {
      change.words.description = value;
    },
  },
  hostname: {
    value: 'name',
    here: 'the `<hostname>`, inside at once',
    gather: (change, value) => {
      change.words.hostname = value;
    },
  },
  onboot: {
    value: 'yes|no',
    here: 'whether it starts with the host (`ctvirt autostart`)',
    gather: (change, value) => {
      change.words.autostart = yesOrNo('onboot', value);
    },
  },
  bootorder: {
    value: 'number',
    here: 'its place among those that start with the host: the higher, the earlier, as vzctl has it (`ctvirt autostart --order` counts the other way)',
    gather: (change, value) => {
      change.order = orderOf(value);
    },
  },
  disabled: {
    value: 'yes|no',
    here: 'refused by vzctl start then, but for --force; ctvirt and libvirt start it',
    gather: marked('disabled', 'DISABLED'),
  },
  'stop-timeout': {
    value: 'seconds',
    here: 'how long vzctl stop waits for its init',
    gather: (change, value) => {
      if (!/^\d{1,9}$/.test(value))
        throw new VzError('value', `Bad parameter for option --stop-timeout: ${value}`);
      change.marks.push((domain, keys) => setKey(domain, 'STOP_TIMEOUT', value, keys));
    },
  },
  ostemplate: {
    value: 'name',
    here: 'of create: the template of its root. Of set: recorded',
    gather: (change, value) => {
      change.marks.push((domain, keys) => setKey(domain, 'OSTEMPLATE', value, keys));
    },
  },
  userpasswd: {
    value: 'user:password',
    here: 'sets it inside, or of one that is off before its next start, without starting it for that. A user who is not there is not made',
    gather: (change, value) => {
      const [, user, password] = /^([^:]+):(.+)$/s.exec(value) ?? [];
      if (user === undefined || password === undefined)
        throw new VzError('value', 'Bad parameter for option --userpasswd: it is user:password');
      change.passwords.push({ user, password });
    },
  },
  applyconfig: {
    value: 'name',
    here: "the values of that profile, but for what is the container's own; `basic` is vps.basic, too",
    gather: (change, value) => {
      change.profile = value;
    },
  },
  applyconfig_map: { value: 'group', here: 'taken: a name needs no link', gather: () => undefined },
};

function orderOf(bootorder: string): number {
  if (!/^\d{1,9}$/.test(bootorder))
    throw new VzError('value', `Bad parameter for option --bootorder: ${bootorder}`);
  return orderOfBootorder(Number(bootorder));
}

const addition: Setting = {
  value: 'address',
  here: "an address besides, with its prefix or without: of the routed interface, as venet's",
  gather: (change, value) => change.added.push(...listed(value)),
};

const network: Readonly<Record<string, Setting>> = {
  ipadd: addition,
  ip: { ...addition, here: 'an old word for --ipadd' },
  ipdel: {
    value: 'address|all',
    here: 'an address that it loses, or all of them',
    gather: (change, value) => change.removed.push(...listed(value)),
  },
  nameserver: {
    value: 'address|inherit',
    here: "name servers in place of those before, or the host's own",
    gather: (change, value) => change.nameservers.push(...listed(value)),
  },
  searchdomain: {
    value: 'domain|inherit',
    here: 'search domains, likewise',
    gather: (change, value) => change.searchDomains.push(...listed(value)),
  },
  netif_add: {
    value: 'dev[,mac,host_ifname,host_mac,bridge]',
    here: "an `<interface>`, of type bridge where it names one; the host's end is `veth101.0` of container 101's eth0 where no other name is said; host_mac has no effect",
    gather: (change, value) => change.interfaces.push(interfaceOf(value)),
  },
  netif_del: {
    value: 'dev|all',
    here: 'takes it away',
    gather: (change, value) => change.lostInterfaces.push(value),
  },
  ifname: {
    value: 'dev',
    here: 'the interface that the options after it change, with the next start',
    gather: (change, value) => {
      change.ifname = value;
    },
  },
  mac: {
    value: 'address',
    here: 'its hardware address',
    gather: (change, value) => change.edits.push(changeInterface(change.ifname, 'mac', value)),
  },
  host_ifname: {
    value: 'dev',
    here: 'what its end on the host is called',
    gather: (change, value) => change.edits.push(changeInterface(change.ifname, 'host_ifname', value)),
  },
  host_mac: {
    value: 'address',
    here: 'taken, with no effect',
    gather: idle('host_mac', "the host's end has one of its own"),
  },
  bridge: {
    value: 'name',
    here: 'the bridge of the host that it is on',
    gather: (change, value) => change.edits.push(changeInterface(change.ifname, 'bridge', value)),
  },
  mac_filter: {
    value: 'on|off',
    here: 'taken, with no effect: `trustGuestRxFilters` of the document says it',
    gather: idle('mac_filter', 'links are bound to their addresses'),
  },
  netdev_add: {
    value: 'dev',
    here: 'hands that link of the host over',
    gather: (change, value) => change.devices.push(value),
  },
  netdev_del: {
    value: 'dev',
    here: 'takes it back',
    gather: (change, value) => change.lostDevices.push(value),
  },
  netfilter: {
    value: 'mode',
    here: 'recorded: each container has a packet filter of its own, whole',
    gather: key('NETFILTER'),
  },
  iptables: { value: 'modules', here: 'recorded, likewise', gather: key('IPTABLES') },
};

function exchange(change: Change, { path, isGone }: ReturnType<typeof deviceNode>): void {
  (isGone ? change.lostDevices : change.devices).push(path);
}

const rights: Readonly<Record<string, Setting>> = {
  capability: {
    value: 'name:on|off',
    here: '`<capabilities>`, with the next start, beside those said before; one that Linux does not have, such as ve_admin, is remarked',
    gather: (change, value) => {
      const missing = listed(value.toLowerCase())
        .map((item) => item.replace(/:.*/, ''))
        .filter((name) => !capabilityNames.some((one) => one === name));
      if (missing.length > 0)
        change.remarks.push(`--capability: Linux has no ${missing.join(', ')}; that is left out`);
      switches('CAPABILITY')(change, value);
    },
  },
  features: {
    value: 'name:on|off',
    here: 'recorded: a kernel of today gives tunnels and bridges to each, and nfs to none',
    gather: switches('FEATURES'),
  },
  devnodes: {
    value: 'device:rw|none',
    here: 'a `<hostdev>` of that device file; block devices are not handed over',
    gather: (change, value) => {
      for (const word of listed(value)) exchange(change, deviceNode('devnodes', word));
    },
  },
  devices: {
    value: 'c:major:minor:rw',
    here: 'the same for tun, fuse, ppp and kvm; others have to be named by --devnodes',
    gather: (change, value) => {
      for (const word of listed(value)) exchange(change, numberedDevice(word));
    },
  },
  pci_add: {
    value: 'device',
    here: 'recorded: a container has no PCI devices',
    gather: items('PCI', { isAdded: true }),
  },
  pci_del: { value: 'device', here: 'recorded, likewise', gather: items('PCI', { isAdded: false }) },
};

const files: Readonly<Record<string, Setting>> = {
  root: {
    value: 'path',
    here: 'taken, with no effect',
    gather: idle('root', 'a root is mounted for the run alone'),
  },
  private: {
    value: 'path',
    here: 'taken, with no effect; `vzctl register` takes files where they lie',
    gather: idle('private', 'the daemon keeps the files below its own folder'),
  },
  layout: { value: 'simfs|ploop', here: 'taken, with no effect', gather: () => undefined },
  mount_opts: { value: 'options', here: 'recorded', gather: key('MOUNT_OPTS') },
  diskquota: {
    value: 'yes|no',
    here: 'recorded: --diskspace and --diskinodes 0 take the limits away',
    gather: marked('diskquota', 'DISK_QUOTA'),
  },
  noatime: { value: 'yes|no', here: 'taken, with no effect', gather: () => undefined },
  'offline-resize': {
    here: 'taken, with no effect: files are on no image of ploop',
    gather: () => undefined,
  },
  local_uid: {
    value: 'uid',
    here: 'taken, with no effect',
    gather: idle('local_uid', 'each container has a range of ids of its own'),
  },
  local_gid: {
    value: 'gid',
    here: 'taken, with no effect',
    gather: idle('local_gid', 'each container has a range of ids of its own'),
  },
};

/** All of them, in the order of the reference. */
export const settings: Readonly<Record<string, Setting>> = {
  ...identity,
  ...network,
  ...sizes,
  ...resources,
  ...rights,
  ...files,
};

/** What was said, in its order. */
export function changeOf({ said }: Given): Change {
  const change = new Change();
  for (const { name, value } of said) settings[name]?.gather(change, value);
  return change;
}
