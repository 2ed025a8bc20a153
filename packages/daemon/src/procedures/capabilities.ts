// The host's and the domains' capabilities, as XML documents of libvirt's.
// SPDX-License-Identifier: Apache-2.0
import { cpus, totalmem } from 'node:os';
import { containerTypes } from '@ctvirt/xml';
import { pageSizesKiB } from './node-memory.js';

const arches: Readonly<Record<string, { readonly name: string; readonly bits: 32 | 64 }>> = {
  x64: { name: 'x86_64', bits: 64 },
  ia32: { name: 'i686', bits: 32 },
  arm64: { name: 'aarch64', bits: 64 },
  arm: { name: 'armv7l', bits: 32 },
  ppc64: { name: 'ppc64le', bits: 64 },
  s390x: { name: 's390x', bits: 64 },
  riscv64: { name: 'riscv64', bits: 64 },
};

/** This host's processor as libvirt calls it. */
export const arch = arches[process.arch] ?? { name: process.arch, bits: 64 };

/** Tools look for a guest of os type `exe` before they offer containers. */
export function capabilitiesXml(type: string | undefined): string {
  const processors = cpus().map(
    (_, id) => `          <cpu id='${id}' socket_id='0' core_id='${id}' siblings='${id}'/>`,
  );
  const pages = pageSizesKiB().map((size) => `      <pages unit='KiB' size='${size}'/>\n`);
  const types = type === undefined ? containerTypes : [type];
  const guests = types.map(
    (name) => `  <guest>
    <os_type>exe</os_type>
    <arch name='${arch.name}'>
      <wordsize>${arch.bits}</wordsize>
      <domain type='${name}'/>
    </arch>
  </guest>
`,
  );
  return `<capabilities>

  <host>
    <cpu>
      <arch>${arch.name}</arch>
${pages.join('')}    </cpu>
    <power_management/>
    <iommu support='no'/>
    <topology>
      <cells num='1'>
        <cell id='0'>
          <memory unit='KiB'>${Math.round(totalmem() / 1024)}</memory>
          <cpus num='${processors.length}'>
${processors.join('\n')}
          </cpus>
        </cell>
      </cells>
    </topology>
    <secmodel>
      <model>none</model>
      <doi>0</doi>
    </secmodel>
  </host>

${guests.join('\n')}
</capabilities>
`;
}

export function domainCapabilitiesXml(type: string, maxVcpus: number): string {
  return `<domainCapabilities>
  <path>/usr/bin/lxc-start</path>
  <domain>${(containerTypes as readonly string[]).includes(type) ? type : 'lxc'}</domain>
  <arch>${arch.name}</arch>
  <vcpu max='${maxVcpus}'/>
  <os supported='no'/>
  <cpu/>
  <devices/>
  <features/>
</domainCapabilities>
`;
}
