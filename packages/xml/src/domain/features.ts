// <features>: what the domain may do and see, its capabilities above all.
// SPDX-License-Identifier: Apache-2.0
import type { ValueField } from '../schema/declaration.js';
import { attribute, child, element, flag, many, setting } from '../schema/element.js';
import type { Infer } from '../schema/infer.js';
import { oneOf, onOff } from '../schema/scalar.js';
import { deniedCalls } from './system-calls.js';

/** The kernel's capabilities by libvirt's names, which leave out CAP_ and are in lower case. */
export const capabilityNames = [
  'audit_control',
  'audit_write',
  'block_suspend',
  'chown',
  'dac_override',
  'dac_read_search',
  'fowner',
  'fsetid',
  'ipc_lock',
  'ipc_owner',
  'kill',
  'lease',
  'linux_immutable',
  'mac_admin',
  'mac_override',
  'mknod',
  'net_admin',
  'net_bind_service',
  'net_broadcast',
  'net_raw',
  'setgid',
  'setfcap',
  'setpcap',
  'setuid',
  'sys_admin',
  'sys_boot',
  'sys_chroot',
  'sys_module',
  'sys_nice',
  'sys_pacct',
  'sys_ptrace',
  'sys_rawio',
  'sys_resource',
  'sys_time',
  'sys_tty_config',
  'syslog',
  'wake_alarm',
] as const;

/** A capability of the kernel by libvirt's name: `sys_admin` is CAP_SYS_ADMIN. */
export type CapabilityName = (typeof capabilityNames)[number];

const switches = Object.fromEntries(
  capabilityNames.map((name) => [
    name,
    setting(name, 'state', oneOf('on', 'off'), { doc: `CAP_${name.toUpperCase()}.`, alone: 'on' }),
  ]),
) as { readonly [K in CapabilityName]: ValueField<'on' | 'off', 'optional'> };

/** A misspelt capability is an error: what was meant to be dropped would be kept without a word. */
export const capabilities = element('capabilities', {
  doc: 'Capabilities of the processes in the container.',
  emptyIsUnset: true,
  isClosed: true,
  example: "<capabilities policy='default'>\n  <mknod state='on'/>\n</capabilities>",
  fields: {
    policy: attribute(oneOf('default', 'allow', 'deny'), {
      doc: 'Those not named: the usual set, all, or none.',
      fallback: 'default',
    }),
    ...switches,
  },
});

const seccomp = element('seccomp', {
  doc: "The filter of system calls around the container's programs.",
  since: 'ctvirt',
  emptyIsUnset: true,
  isClosed: true,
  example: "<seccomp>\n  <allow name='keyctl'/>\n</seccomp>",
  fields: {
    policy: attribute(oneOf('default', 'off'), {
      doc: "Refuse what can harm the host (see docs/reference/walls.md), or nothing: then every call is the kernel's to judge.",
      fallback: 'default',
    }),
    allows: many(
      element('allow', {
        doc: 'A refused system call that is allowed all the same.',
        example: "<allow name='keyctl'/>",
        fields: { name: attribute(oneOf(...deniedCalls), { doc: 'Its name.', required: true }) },
      }),
    ),
  },
});

const apparmor = element('apparmor', {
  doc: 'The AppArmor profile around the container, on hosts with AppArmor.',
  since: 'ctvirt',
  emptyIsUnset: true,
  example: "<apparmor policy='off'/>",
  fields: {
    policy: attribute(oneOf('default', 'off'), {
      doc: 'A profile of its own, or none.',
      fallback: 'default',
    }),
  },
});

const apic = element('apic', {
  doc: 'Programmable interrupts, for full machines.',
  fields: { eoi: attribute(onOff, { doc: 'Whether end of interrupt is signalled.', since: '0.10.2' }) },
});

/** Switches that only full machines know are kept beside those that count for containers. */
export const features = element('features', {
  doc: 'What the domain may do and see.',
  emptyIsUnset: true,
  example: '<features>\n  <privnet/>\n</features>',
  fields: {
    acpi: flag('acpi', { doc: 'Power management, for full machines.' }),
    apic: child(apic),
    pae: flag('pae', { doc: 'Wide addresses on 32 bits, for full machines.' }),
    hap: child(
      element('hap', {
        doc: 'Nested paging, for full machines.',
        fields: { state: attribute(onOff, { doc: 'On or off.', assumed: true }) },
      }),
    ),
    viridian: flag('viridian', { doc: 'Interfaces of Hyper-V, with Xen.' }),
    privnet: flag('privnet', { doc: 'A network stack of its own, even without any interface.' }),
    capabilities: child(capabilities),
    seccomp: child(seccomp),
    apparmor: child(apparmor),
    noNewPrivileges: setting('no_new_privileges', 'state', onOff, {
      doc: 'Whether setuid files, such as sudo, give no rights; on unless said otherwise where `<inituser>` is not root.',
      since: 'ctvirt',
      alone: true,
    }),
  },
});

/** Switches, and the walls of a container: `capabilities`, `seccomp`, `apparmor`, `noNewPrivileges`. */
export type Features = Infer<typeof features>;
/** The policy for all capabilities, and by name those that are `on` or `off` against it. */
export type Capabilities = Infer<typeof capabilities>;
