// A document as libvirt's clients expect it: what libvirt writes out although nobody stated it is written out too.
// SPDX-License-Identifier: Apache-2.0
import type { Domain } from '@ctvirt/xml';
import { arch } from './capabilities.js';

/** The same domain with its defaults stated; reading it again changes nothing about what is run. */
export function withDefaults(domain: Domain): Domain {
  const { os, memoryKiB, currentMemoryKiB, profile, devices } = domain;
  // A profile may say what a document does not: stating a default would take that away.
  const current = currentMemoryKiB ?? (profile === undefined ? memoryKiB : undefined);
  const consoles = devices.consoles?.map((each, port) => ({
    ...each,
    target: { type: 'lxc' as const, port, ...each.target },
  }));
  return {
    ...domain,
    ...(current === undefined ? {} : { currentMemoryKiB: current }),
    os: { ...os, type: { ...os.type, arch: os.type.arch ?? arch.name } },
    clock: domain.clock ?? { offset: 'utc' },
    onPoweroff: domain.onPoweroff ?? 'destroy',
    onReboot: domain.onReboot ?? 'restart',
    onCrash: domain.onCrash ?? 'destroy',
    devices: consoles === undefined ? devices : { ...devices, consoles },
  };
}
