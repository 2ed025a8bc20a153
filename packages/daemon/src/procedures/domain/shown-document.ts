// A document as libvirt's clients expect it: what libvirt writes out although nobody stated it is written out too.
// SPDX-License-Identifier: Apache-2.0
import { currentMemoryKiB, type Domain, endingsOf } from '@ctvirt/xml';
import { arch } from '../host/capabilities.js';

/** The same domain with its defaults stated; reading it again changes nothing about what is run. */
export function withDefaults(domain: Domain): Domain {
  const { os, memoryKiB, profile, devices } = domain;
  const { poweroff, reboot, crash } = endingsOf(domain);
  // A profile may say what a document does not: stating a default would take that away.
  const isOpen = domain.currentMemoryKiB === undefined && (memoryKiB === undefined || profile !== undefined);
  const current = isOpen ? undefined : currentMemoryKiB(domain);
  const consoles = devices.consoles?.map((each, port) => ({
    ...each,
    target: { type: 'lxc' as const, port, ...each.target },
  }));
  return {
    ...domain,
    ...(current === undefined ? {} : { currentMemoryKiB: current }),
    os: { ...os, type: { ...os.type, arch: os.type.arch ?? arch.name } },
    clock: domain.clock ?? { offset: 'utc' },
    onPoweroff: poweroff,
    onReboot: reboot,
    onCrash: crash,
    devices: consoles === undefined ? devices : { ...devices, consoles },
  };
}
