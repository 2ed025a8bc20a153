// The host's and the domains' capabilities, as XML documents of libvirt's.
// SPDX-License-Identifier: Apache-2.0
import { cpus, totalmem } from 'node:os';
import { containerTypes, formatDocument, isContainerType } from '@ctvirt/xml';
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
  const processors = cpus().map((_, id) => ({ id, socketId: 0, coreId: id, siblings: String(id) }));
  const memoryKiB = Math.round(totalmem() / 1024);
  const cell = { id: 0, memoryKiB, cpus: { num: processors.length, cpus: processors } };
  return formatDocument('capabilities', {
    host: {
      cpu: { arch: arch.name, pages: pageSizesKiB().map((size) => ({ unit: 'KiB', size })) },
      powerManagement: {},
      iommu: { support: false },
      topology: { cells: { num: 1, cells: [cell] } },
      secmodels: [{ model: 'none', doi: '0' }],
    },
    guests: (type === undefined ? containerTypes : [type]).map((name) => ({
      osType: 'exe',
      arch: { name: arch.name, wordsize: arch.bits, domains: [{ type: name }] },
    })),
  });
}

/** Returns what a container of that type may have; a type it does not know is answered as `lxc`. */
export const domainCapabilitiesXml = (type: string, maxVcpus: number): string =>
  formatDocument('domainCapabilities', {
    path: '/usr/bin/lxc-start',
    domain: isContainerType(type) ? type : 'lxc',
    arch: arch.name,
    vcpu: { max: maxVcpus },
    os: { supported: false },
    cpu: {},
    devices: {},
    features: {},
  });
