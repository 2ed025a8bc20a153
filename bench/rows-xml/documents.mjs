// The documents that are measured: two of libvirt's own, and what is made of them.
// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fetchLibvirtSource } from '../../scripts/libvirt-source.mjs';

/** @type {(text: string, name: string) => string} */
const parts = (text, name) =>
  [...text.matchAll(new RegExp(`^    <${name}[ >][\\s\\S]*?^    </${name}>\\n`, 'gm'))].join('');

/** @param {string} name */
const head = (name) => `<domain type='lxc'>
  <name>${name}</name>
  <uuid>8369f1ac-7e46-e869-4ca5-759d51478066</uuid>
  <title>Measured</title>
  <memory unit='KiB'>500000</memory>
  <currentMemory unit='KiB'>500000</currentMemory>
  <memtune>
    <hard_limit unit='KiB'>1048576</hard_limit>
    <soft_limit unit='KiB'>131072</soft_limit>
  </memtune>
  <vcpu placement='static'>2</vcpu>
  <cputune>
    <shares>2048</shares>
    <period>100000</period>
    <quota>50000</quota>
  </cputune>
  <resource>
    <partition>/machine</partition>
  </resource>
  <os>
    <type arch='x86_64'>exe</type>
    <init>/sbin/init</init>
    <initarg>--log-level=debug</initarg>
    <initenv name='LANG'>C.UTF-8</initenv>
  </os>
  <idmap>
    <uid start='0' target='100000' count='65536'/>
    <gid start='0' target='100000' count='65536'/>
  </idmap>
  <features>
    <privnet/>
    <capabilities policy='default'>
      <mknod state='on'/>
    </capabilities>
  </features>
  <clock offset='utc'/>
  <on_poweroff>destroy</on_poweroff>
  <on_reboot>restart</on_reboot>
  <on_crash>destroy</on_crash>
  <devices>
    <emulator>/usr/libexec/libvirt_lxc</emulator>
`;
const tail = `  </devices>
</domain>
`;

/** @param {number} index */
const filesystem = (index) => `    <filesystem type='mount' accessmode='passthrough'>
      <source dir='/srv/data/${index}'/>
      <target dir='/${index === 0 ? '' : `data/${index}`}'/>
    </filesystem>
`;
/** @param {number} index */
const netInterface = (index) => `    <interface type='bridge'>
      <mac address='00:16:3e:0f:ef:${index.toString(16).padStart(2, '0')}'/>
      <source bridge='bri0'/>
      <ip address='192.168.122.${index + 1}' family='ipv4' prefix='24'/>
      <guest dev='eth${index}'/>
    </interface>
`;
/** @type {(count: number, make: (index: number) => string) => string} */
const times = (count, make) => Array.from({ length: count }, (_, index) => make(index)).join('');

/** By a short name: libvirt's largest LXC document, one with everything a container usually has, and a huge one. */
export function documents() {
  const data = join(fetchLibvirtSource().tree, 'tests', 'lxcxml2xmldata');
  /** @param {string} name */
  const read = (name) => readFileSync(join(data, name), 'utf8');
  const [ethernet, ram] = ['lxc-ethernet-hostip.xml', 'lxc-filesystem-ram.xml'].map(read);
  return {
    '1.4 KB': ethernet,
    '4 KB':
      head('larger') +
      times(4, filesystem) +
      parts(ram, 'filesystem').replaceAll("<target dir='/'/>", "<target dir='/old'/>") +
      parts(ethernet, 'interface') +
      times(3, (index) => netInterface(index + 10)) +
      `    <console type='pty'>\n      <target type='lxc' port='0'/>\n    </console>\n` +
      tail,
    '200 devices': head('huge') + times(100, filesystem) + times(100, netInterface) + tail,
  };
}

/**
 * A container of the usual kind, small.
 *
 * @param {number} index
 */
export function smallDocument(index) {
  const uuid = `8369f1ac-7e46-e869-4ca5-${index.toString(16).padStart(12, '0')}`;
  return `<domain type='lxc'>
  <name>ct${index}</name>
  <uuid>${uuid}</uuid>
  <memory unit='KiB'>${262_144 + index}</memory>
  <currentMemory unit='KiB'>262144</currentMemory>
  <vcpu placement='static'>1</vcpu>
  <os>
    <type arch='x86_64'>exe</type>
    <init>/sbin/init</init>
  </os>
  <clock offset='utc'/>
  <on_poweroff>destroy</on_poweroff>
  <on_reboot>restart</on_reboot>
  <on_crash>destroy</on_crash>
  <devices>
    <filesystem type='mount' accessmode='passthrough'>
      <source dir='/srv/ct${index}'/>
      <target dir='/'/>
    </filesystem>
    <interface type='bridge'>
      <mac address='00:16:3e:0f:ef:8a'/>
      <source bridge='br0'/>
    </interface>
    <console type='pty'>
      <target type='lxc' port='0'/>
    </console>
  </devices>
</domain>
`;
}
