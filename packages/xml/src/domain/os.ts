// <os>: what a domain boots, in the four styles of libvirt.
// SPDX-License-Identifier: Apache-2.0
import { attribute, child, element, leaf, leaves, many, required, text } from '../schema/element.js';
import type { Infer } from '../schema/infer.js';
import {
  anyText,
  int32,
  lineText,
  nonEmptyText,
  oneOf,
  uint32,
  variableName,
  yesNo,
} from '../schema/scalar.js';
import { checkArch } from './arch.js';

const type = element(
  'type',
  {
    doc: 'Kind of the booted system; exe for containers.',
    example: "<type arch='x86_64'>exe</type>",
    fields: {
      arch: attribute(nonEmptyText, {
        doc: 'Processor architecture; that of the host when absent.',
        assumed: 'x86_64',
      }),
      machine: attribute(nonEmptyText, { doc: 'Machine type, for full machines.' }),
      value: text(oneOf('exe', 'hvm', 'xen', 'linux', 'uml', 'xenpvh'), {
        doc: 'exe starts a program as init.',
      }),
    },
  },
  { check: ({ arch }, report) => checkArch(arch, report) },
);

const initenv = element('initenv', {
  doc: "A variable of init's environment.",
  example: "<initenv name='LANG'>C.UTF-8</initenv>",
  fields: {
    name: attribute(variableName, { doc: 'Name of the variable.', required: true }),
    value: text(lineText, { doc: 'Its value.' }),
  },
});

const bootmenu = element('bootmenu', {
  doc: 'Menu of boot devices, for full machines.',
  fields: {
    enable: attribute(yesNo, { doc: 'Whether it is shown.' }),
    timeout: attribute(uint32, { doc: 'Milliseconds it waits.' }),
  },
});

const bios = element('bios', {
  doc: 'Behaviour of the BIOS, for full machines.',
  fields: {
    useserial: attribute(yesNo, { doc: 'Whether it talks on a serial line.' }),
    rebootTimeout: attribute(int32, { doc: 'Milliseconds before it tries to boot again.' }),
  },
});

const smbios = element('smbios', {
  doc: 'System information shown to the guest, for full machines.',
  fields: {
    mode: attribute(oneOf('emulate', 'host', 'sysinfo'), { doc: 'Where it comes from.', required: true }),
  },
});

/** What libvirt's drivers and ours start when a container does not say. */
export const defaultInit = '/sbin/init';

/** A domain without the element boots `defaultInit` as a container. */
export const os = element(
  'os',
  {
    doc: 'What the domain boots: a program (containers), or a boot device, kernel or boot loader (machines).',
    example: "<os>\n  <type arch='x86_64'>exe</type>\n  <init>/sbin/init</init>\n</os>",
    fields: {
      firmware: attribute(oneOf('bios', 'efi'), { doc: 'Firmware chosen by itself, for full machines.' }),
      type: required(type),
      init: leaf('init', nonEmptyText, {
        blankIsUnset: true,
        doc: 'Program started as process 1; /sbin/init when absent.',
      }),
      initargs: leaves('initarg', anyText, { doc: 'An argument of init.' }),
      initenvs: many(initenv),
      initdir: leaf('initdir', nonEmptyText, { blankIsUnset: true, doc: 'Working directory of init.' }),
      inituser: leaf('inituser', nonEmptyText, {
        blankIsUnset: true,
        doc: 'User init runs as, by name or number.',
      }),
      initgroup: leaf('initgroup', nonEmptyText, {
        blankIsUnset: true,
        doc: 'Group init runs as, by name or number.',
      }),
      kernel: leaf('kernel', nonEmptyText, { doc: 'Path of a kernel, booted directly.' }),
      initrd: leaf('initrd', nonEmptyText, { doc: 'Path of its initial RAM disk.' }),
      cmdline: leaf('cmdline', anyText, { doc: 'Command line of the kernel.' }),
      dtb: leaf('dtb', nonEmptyText, { doc: 'Path of a device tree.' }),
      root: leaf('root', nonEmptyText, { doc: 'Root device of the kernel.' }),
      boots: many(
        element('boot', {
          doc: 'A device to boot from; the first that works is taken.',
          fields: {
            dev: attribute(oneOf('fd', 'hd', 'cdrom', 'network'), { doc: 'Kind of device.', required: true }),
          },
        }),
      ),
      bootmenu: child(bootmenu),
      bios: child(bios),
      smbios: child(smbios),
    },
  },
  {
    complete(model) {
      if (model.init !== undefined || model.type.value !== 'exe') return model;
      return { ...model, init: defaultInit };
    },
    check(model, report) {
      if (model.type.value === 'exe') return;
      if (model.init !== undefined && model.type.value === 'hvm')
        report.warning(
          'conflict',
          ['init'],
          `init is only started with type exe, this is ${model.type.value}`,
        );
    },
  },
);

/** What is booted: `type.value` is `exe` for containers, whose `init` has arguments, variables, a directory and a user. */
export type Os = Infer<typeof os>;
/** `/bin/sh -c 'exit 1'` as `['/bin/sh', '-c', 'exit 1']`: init and its arguments. */
export const initCommand = (model: Os): readonly string[] => [
  model.init ?? defaultInit,
  ...(model.initargs ?? []),
];
