// <capabilities>: what a host is, and which domains it can run.
// SPDX-License-Identifier: Apache-2.0
import { attribute, child, element, flag, leaf, many, required, size } from '../schema/element.js';
import type { Infer } from '../schema/infer.js';
import { anyText, count, nonEmptyText, uint32, uuid, yesNo } from '../schema/scalar.js';

const cpu = element('cpu', {
  doc: 'Its processors.',
  fields: {
    arch: leaf('arch', nonEmptyText, { doc: "libvirt's name of their architecture." }),
    model: leaf('model', nonEmptyText, { doc: 'Their model.' }),
    vendor: leaf('vendor', nonEmptyText, { doc: 'Who made them.' }),
    pages: many(
      element('pages', {
        doc: 'A size of pages of memory.',
        fields: {
          unit: attribute(nonEmptyText, { doc: 'The unit.' }),
          size: attribute(count, { doc: 'The size.', required: true }),
        },
      }),
    ),
  },
});

const processor = element('cpu', {
  doc: 'One processor.',
  fields: {
    id: attribute(uint32, { doc: 'Its number.', required: true }),
    socketId: attribute(uint32, { name: 'socket_id', doc: 'Its socket.' }),
    dieId: attribute(uint32, { name: 'die_id', doc: 'Its die.' }),
    coreId: attribute(uint32, { name: 'core_id', doc: 'Its core.' }),
    siblings: attribute(nonEmptyText, { doc: 'Those of its core.' }),
  },
});

const cell = element('cell', {
  doc: 'A node of memory with its processors.',
  fields: {
    id: attribute(uint32, { doc: 'Its number.', required: true }),
    memoryKiB: size('memory', { unit: 'KiB', defaultUnit: 'KiB', doc: 'Its memory.' }),
    cpus: child(
      element('cpus', {
        doc: 'Its processors.',
        fields: { num: attribute(uint32, { doc: 'How many.' }), cpus: many(processor) },
      }),
    ),
  },
});

const host = element('host', {
  doc: 'What the host is.',
  fields: {
    uuid: leaf('uuid', uuid, { doc: 'Its UUID.' }),
    cpu: child(cpu),
    powerManagement: child(
      element('power_management', {
        doc: 'How it can sleep.',
        fields: {
          suspendMem: flag('suspend_mem', { doc: 'In memory.' }),
          suspendDisk: flag('suspend_disk', { doc: 'On disk.' }),
          suspendHybrid: flag('suspend_hybrid', { doc: 'Both.' }),
        },
      }),
    ),
    iommu: child(
      element('iommu', {
        doc: 'Whether devices can be handed over safely.',
        fields: { support: attribute(yesNo, { doc: 'Whether it can.', required: true }) },
      }),
    ),
    topology: child(
      element('topology', {
        doc: 'How memory and processors lie.',
        fields: {
          cells: child(
            element('cells', {
              doc: 'Its nodes of memory.',
              fields: { num: attribute(uint32, { doc: 'How many.' }), cells: many(cell) },
            }),
          ),
        },
      }),
    ),
    secmodels: many(
      element('secmodel', {
        doc: 'A security module.',
        fields: {
          model: leaf('model', nonEmptyText, { doc: 'Its name.' }),
          doi: leaf('doi', anyText, { doc: 'What its labels mean.' }),
        },
      }),
    ),
  },
});

const guest = element('guest', {
  doc: 'A kind of domain that can run there.',
  fields: {
    osType: leaf('os_type', nonEmptyText, { doc: 'What it boots: exe for containers.', required: true }),
    arch: required(
      element('arch', {
        doc: 'Of which architecture it is.',
        fields: {
          name: attribute(nonEmptyText, { doc: "libvirt's name of it.", required: true }),
          wordsize: leaf('wordsize', uint32, { doc: 'Its bits.' }),
          emulator: leaf('emulator', nonEmptyText, { doc: 'The program that runs it.' }),
          domains: many(
            element('domain', {
              doc: 'A driver that runs it.',
              fields: { type: attribute(nonEmptyText, { doc: "The domain's type.", required: true }) },
            }),
          ),
        },
      }),
    ),
  },
});

/** The answer to libvirt's `virConnectGetCapabilities`; blank lines stand in it where libvirt has them. */
export const capabilities = element('capabilities', {
  doc: 'What a host is, and which domains it can run.',
  isSpaced: true,
  fields: { host: child(host), guests: many(guest) },
});

/** What the host is (`host`), and one entry of `guests` for each architecture and kind of domain. */
export type HostCapabilities = Infer<typeof capabilities>;
