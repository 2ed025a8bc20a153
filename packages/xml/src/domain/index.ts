// <domain>: the document itself.
// SPDX-License-Identifier: Apache-2.0
import { attribute, child, element, leaf, lifted, many, open, required, size } from '../schema/element.js';
import type { Infer } from '../schema/infer.js';
import { anyText, hostName, int32, nonEmptyText, oneOf, titleText, uuid } from '../schema/scalar.js';
import { beancounters } from './beancounters.js';
import { blkiotune } from './blkiotune.js';
import { clock } from './clock.js';
import { devices, isRoot } from './devices.js';
import { dns, topLevelNameserver } from './dns.js';
import { features } from './features.js';
import { topLevelFilesystem } from './filesystem.js';
import { idmap } from './idmap.js';
import { lxcNamespace } from './lxc-namespace.js';
import { commonEndings, currentMemoryKiB, maxVcpus } from './meaning.js';
import { defaultInit, type Os, os } from './os.js';
import { seclabel } from './seclabel.js';
import { cputune, memtune, type Numatune, numatune, resource, type Vcpu, vcpu } from './tuning.js';

/** Domain types that are containers and run here. */
export const containerTypes = ['lxc', 'openvz', 'vserver'] as const;
/** One of `containerTypes`. */
export type ContainerType = (typeof containerTypes)[number];

/** Domain types of libvirt's other drivers: read and written, not run. */
const otherTypes = [
  'qemu',
  'kvm',
  'kqemu',
  'xen',
  'uml',
  'test',
  'vmware',
  'hyperv',
  'vbox',
  'phyp',
  'parallels',
  'bhyve',
  'vz',
  'hvf',
] as const;

const inKiB = { unit: 'KiB', defaultUnit: 'KiB' } as const;
const action = oneOf('destroy', 'restart', 'preserve', 'rename-restart');
const crashAction = oneOf(
  'destroy',
  'restart',
  'preserve',
  'rename-restart',
  'coredump-destroy',
  'coredump-restart',
);

/** Where libvirt's own build puts the program that runs its containers. */
const lxcEmulator = '/usr/libexec/libvirt_lxc';

/** True for the types that run here; documents of the others are read and written all the same. */
export function isContainerType(type: string): type is ContainerType {
  return containerTypes.some((one) => one === type);
}

/** The schema that reading, writing, checking and the reference pages of domains go by. */
export const domain = element(
  'domain',
  {
    doc: 'A domain: a container, or a machine.',
    example:
      "<domain type='lxc'>\n  <name>web</name>\n  <memory unit='KiB'>524288</memory>\n  <devices>\n    <filesystem type='mount'>\n      <source dir='/srv/web'/>\n      <target dir='/'/>\n    </filesystem>\n  </devices>\n</domain>",
    fields: {
      type: attribute(oneOf(...containerTypes, ...otherTypes), {
        doc: 'The driver that runs it.',
        required: true,
      }),
      id: attribute(int32, { doc: 'Number of the running domain.', live: true }),
      name: leaf('name', nonEmptyText, { doc: 'Its name, unique on the host.', required: true }),
      uuid: leaf('uuid', uuid, { doc: 'Its UUID; made up when absent.' }),
      genid: leaf('genid', anyText, { doc: 'Generation id, for full machines.', since: '4.4.0' }),
      title: leaf('title', titleText, { doc: 'A line for people.', since: '0.9.10' }),
      description: leaf('description', anyText, { doc: 'A text for people.' }),
      metadata: open('metadata', { doc: 'Anything, in namespaces of its own.', since: '0.9.10' }),
      beancounters: lifted('metadata', beancounters, 'parameters'),
      profile: leaf('profile', nonEmptyText, {
        doc: 'Profile whose values count where the document says nothing.',
        since: 'ctvirt',
      }),
      memoryKiB: size('memory', { ...inKiB, doc: 'Most memory it may have.' }),
      currentMemoryKiB: size('currentMemory', {
        ...inKiB,
        doc: 'Memory it has now.',
        assumed: (model: Partial<Domain>) => model.memoryKiB,
      }),
      blkiotune: child(blkiotune),
      memtune: child(memtune),
      vcpu: child(vcpu, { assumed: { placement: 'static', value: 1 } }),
      cputune: child(cputune),
      numatune: child(numatune),
      resource: child(resource),
      bootloader: leaf('bootloader', anyText, {
        doc: 'Boot loader run on the host, with Xen.',
        since: '0.1.0',
      }),
      bootloaderArgs: leaf('bootloader_args', anyText, { doc: 'Its arguments.', since: '0.2.3' }),
      os: required(os, { fallback: (): Os => ({ type: { value: 'exe' }, init: defaultInit }) }),
      hostname: leaf('hostname', hostName, {
        doc: 'Host name inside the container; the name of the domain when absent.',
        since: 'ctvirt',
      }),
      dns: child(dns),
      idmap: child(idmap),
      features: child(features),
      clock: child(clock, { assumed: { offset: 'utc' } }),
      onPoweroff: leaf('on_poweroff', action, {
        blankIsUnset: true,
        doc: 'What follows when the guest powers off.',
        assumed: commonEndings.poweroff,
      }),
      onReboot: leaf('on_reboot', action, {
        blankIsUnset: true,
        doc: 'What follows when the guest reboots.',
        assumed: commonEndings.reboot,
      }),
      onCrash: leaf('on_crash', crashAction, {
        blankIsUnset: true,
        doc: 'What follows when the guest crashes.',
        assumed: commonEndings.crash,
      }),
      devices: required(devices, { fallback: () => ({}) }),
      seclabels: many(seclabel),
      lxcNamespace: child(lxcNamespace),
    },
    legacy: [topLevelFilesystem, topLevelNameserver],
  },
  {
    /** libvirt's openvz driver writes 0 into all it dumps: it does not know. */
    complete(model) {
      const { type, memoryKiB, currentMemoryKiB: current } = model;
      if (memoryKiB !== 0 || type === 'lxc' || !isContainerType(type)) return model;
      const { memoryKiB: _, currentMemoryKiB: __, ...rest } = model;
      return current === undefined || current === 0 ? rest : { ...rest, currentMemoryKiB: current };
    },
    libvirt(model) {
      const { devices: plugged, type, cputune: tuned } = model;
      const isAuto = model.vcpu?.placement === 'auto' || model.numatune?.memory?.placement === 'auto';
      const most = maxVcpus(model) ?? 1;
      const emulator = plugged.emulator ?? (type === 'lxc' ? lxcEmulator : undefined);
      return {
        ...model,
        devices: emulator === undefined ? plugged : { ...plugged, emulator },
        ...(isAuto && withAuto(model)),
        // Of processors that it does not have, libvirt forgets where they would run.
        cputune: tuned && { ...tuned, vcpupins: tuned.vcpupins?.filter(({ vcpu: number }) => number < most) },
        currentMemoryKiB: model.memoryKiB === undefined ? model.currentMemoryKiB : currentMemoryKiB(model),
      };
    },
    check(model, report) {
      const { memoryKiB, currentMemoryKiB: current, memtune: limits } = model;
      if (memoryKiB !== undefined && memoryKiB > 0 && current !== undefined && current > memoryKiB)
        report.warning('out-of-range', ['currentMemoryKiB'], 'more memory now than the most it may have', {
          found: `${current} KiB`,
          expected: `at most ${memoryKiB} KiB`,
        });
      if (memoryKiB === 0 && model.type === 'lxc')
        report.refuse('out-of-range', ['memoryKiB'], '<memory> is 0: memory size must be specified', {
          found: '0 KiB',
          expected: 'at least 1 KiB, or no <memory>',
        });
      const swap = limits?.swapHardLimitKiB;
      if (
        swap !== undefined &&
        limits?.hardLimitKiB === undefined &&
        memoryKiB !== undefined &&
        swap < memoryKiB
      )
        report.refuse(
          'conflict',
          ['memtune', 'swapHardLimitKiB'],
          `memory and swap together are limited (${swap} KiB) below memory alone (${memoryKiB} KiB)`,
          {
            found: `${swap} KiB`,
            expected: `at least ${memoryKiB} KiB`,
          },
        );
      const least = limits?.minGuaranteeKiB;
      if (
        least !== undefined &&
        (memoryKiB ?? 0) > 0 &&
        memoryKiB !== undefined &&
        limits?.hardLimitKiB === undefined &&
        least > memoryKiB
      )
        report.error(
          'guarantee-over-maximum',
          ['memtune', 'minGuaranteeKiB'],
          `more memory is guaranteed (${least} KiB) than allowed (${memoryKiB} KiB)`,
          {
            found: `${least} KiB`,
            expected: `at most ${memoryKiB} KiB`,
          },
        );
      if (!isContainerType(model.type) || model.os.type.value !== 'exe') return;
      if (!(model.devices.filesystems ?? []).some(isRoot))
        report.error('no-root', ['devices'], "the container has no file system for '/'", {
          expected: "a <filesystem> in <devices> whose <target dir='/'/>",
        });
    },
  },
);

/** Who places processors places memory, and the other way about. */
const withAuto = ({
  vcpu: count,
  numatune: tuned,
}: {
  vcpu?: Vcpu | undefined;
  numatune?: Numatune | undefined;
}) => {
  const placement = 'auto' as const;
  return {
    vcpu: { value: 1, ...count, placement },
    numatune: { ...tuned, memory: { ...tuned?.memory, placement } },
  };
};

/** The model of a <domain> document; sizes are numbers in the unit their name ends in. */
export interface Domain extends Infer<typeof domain> {}
