// <memtune>, <vcpu>, <cputune>, <numatune> and <resource>: how much of the host a domain gets.
// SPDX-License-Identifier: Apache-2.0

import { attribute, child, element, leaf, many, size, text } from '../schema/element.js';
import type { Infer } from '../schema/infer.js';
import {
  count,
  int32,
  integer,
  nonEmptyText,
  oneOf,
  pattern,
  positive32,
  type Scalar,
  signedCount,
  uint32,
} from '../schema/scalar.js';
import { limitKiB } from './limit.js';

/** Of processors or nodes, as libvirt writes them: ascending, runs as ranges, exclusions carried out. */
function normalSet(list: string): string {
  const ranges = list
    .replace(/\s/g, '')
    .split(',')
    .map((part) => {
      const [first = '', last = first] = part.replace('^', '').split('-');
      const end = Math.min(Number(last), Number(first) + 65_536);
      return { first: Number(first), end, member: part.startsWith('^') ? 0 : 1 };
    });
  const members = new Uint8Array(ranges.reduce((most, { end }) => Math.max(most, end), 0) + 1);
  for (const { first, end, member } of ranges) members.fill(member, first, end + 1);
  const runs: string[] = [];
  for (let at = members.indexOf(1); at >= 0; ) {
    const after = members.indexOf(0, at);
    const end = after < 0 ? members.length : after;
    runs.push(end - at === 1 ? String(at) : `${at}-${end - 1}`);
    at = members.indexOf(1, end);
  }
  return runs.join(',');
}

const isAscending = (list: string): boolean =>
  list.split(',').every((part) => {
    const [first, last = first] = part.replace('^', '').split('-').map(Number);
    return first !== undefined && last !== undefined && first <= last;
  });

const cpuList = pattern(
  'a list of numbers and ascending ranges such as 0-3,^2,8, of one number at least',
  String.raw`\s*\^?\d{1,6}(-\d{1,6})?(\s*,\s*\^?\d{1,6}(-\d{1,6})?)*\s*`,
  ['0-3,^2', '0,2', '7'],
  normalSet,
);

/** `0-3,^2,8`: processors or nodes by number; `1-0` and `0,^0`, which are none, libvirt refuses, too. */
export const cpuSet: Scalar<string> = {
  ...cpuList,
  parse(given) {
    const list = cpuList.parse(given);
    return list !== undefined && isAscending(list) && normalSet(list) !== '' ? list : undefined;
  },
};

const inKiB = { unit: 'KiB', defaultUnit: 'KiB' } as const;

/** Sizes are in KiB whatever unit the document has. */
export const memtune = element(
  'memtune',
  {
    doc: 'Limits and guarantees of memory.',
    emptyIsUnset: true,
    example: "<memtune>\n  <hard_limit unit='KiB'>1048576</hard_limit>\n</memtune>",
    fields: {
      hardLimitKiB: size('hard_limit', { ...inKiB, doc: 'Memory that cannot be passed.' }),
      softLimitKiB: size('soft_limit', { ...inKiB, doc: 'Memory kept to when the host runs short.' }),
      minGuaranteeKiB: size('min_guarantee', {
        ...inKiB,
        doc: 'Memory that is guaranteed.',
        zeroIsUnset: true,
      }),
      swapHardLimitKiB: size('swap_hard_limit', {
        ...inKiB,
        doc: 'Memory and swap together that cannot be passed.',
      }),
    },
  },
  {
    libvirt: ({ hardLimitKiB, softLimitKiB, minGuaranteeKiB, swapHardLimitKiB }) => ({
      hardLimitKiB: limitKiB(hardLimitKiB),
      softLimitKiB: limitKiB(softLimitKiB),
      minGuaranteeKiB: limitKiB(minGuaranteeKiB),
      swapHardLimitKiB: limitKiB(swapHardLimitKiB),
    }),
    check(model, report) {
      const {
        hardLimitKiB: hard,
        softLimitKiB: soft,
        swapHardLimitKiB: swap,
        minGuaranteeKiB: least,
      } = model;
      if (hard === undefined) return;
      if (hard === 0)
        report.warning('out-of-range', ['hardLimitKiB'], 'with a hard limit of 0 nothing can be started', {
          found: '0 KiB',
          expected: 'at least 1 KiB, or no <hard_limit>',
        });
      if (soft !== undefined && soft > hard)
        report.error(
          'soft-over-hard',
          ['softLimitKiB'],
          `the soft limit (${soft} KiB) is above the hard limit (${hard} KiB)`,
          {
            found: `${soft} KiB`,
            expected: `at most ${hard} KiB`,
          },
        );
      if (swap !== undefined && swap < hard)
        report.error(
          'conflict',
          ['swapHardLimitKiB'],
          `memory and swap together are limited (${swap} KiB) below memory alone (${hard} KiB)`,
          {
            found: `${swap} KiB`,
            expected: `at least ${hard} KiB`,
          },
        );
      if (least !== undefined && least > hard)
        report.error(
          'guarantee-over-maximum',
          ['minGuaranteeKiB'],
          `more memory is guaranteed (${least} KiB) than allowed (${hard} KiB)`,
          {
            found: `${least} KiB`,
            expected: `at most ${hard} KiB`,
          },
        );
    },
  },
);

/** Its text is the most there may be; `current` is how many of them are in use. */
export const vcpu = element(
  'vcpu',
  {
    doc: 'Number of processors.',
    example: "<vcpu placement='static'>2</vcpu>",
    fields: {
      placement: attribute(oneOf('static', 'auto'), { doc: 'Who places them.', fallback: 'static' }),
      cpuset: attribute(cpuSet, { doc: 'Processors of the host they may run on.' }),
      current: attribute(positive32, { doc: 'How many are in use.' }),
      value: text(positive32, { doc: 'How many there may be.' }),
    },
  },
  {
    libvirt(model) {
      const { placement, current, cpuset, value } = model;
      return {
        placement,
        cpuset: placement === 'auto' ? undefined : cpuset,
        current: current === value ? undefined : current,
        value,
      };
    },
    check(model, report) {
      if (model.current !== undefined && model.current > model.value)
        report.error('out-of-range', ['current'], 'more processors are in use than there may be', {
          found: String(model.current),
          expected: `at most ${model.value}`,
        });
    },
  },
);

const inRange = integer(1000, 1_000_000);

/** 0 says nothing, and is forgotten: nobody is to divide by it. */
const period: Scalar<number> = {
  ...inRange,
  grammar: { kind: 'integer', min: 0, max: 1_000_000 },
  parse: (given) => (count.parse(given) === 0 ? 0 : inRange.parse(given)),
};
const periods = ['period', 'globalPeriod', 'emulatorPeriod', 'iothreadPeriod'] as const;
const cpuset = attribute(cpuSet, { doc: 'Processors of the host.', required: true });
const scheduler = {
  scheduler: attribute(oneOf('batch', 'idle', 'fifo', 'rr'), { doc: 'Kind of scheduling.', required: true }),
  priority: attribute(int32, { doc: 'Priority, for fifo and rr.' }),
};

const quota: Scalar<number> = {
  expected: 'microseconds from 1000 to 17592186044415, or -1 for no limit',
  grammar: { kind: 'integer', min: Number.MIN_SAFE_INTEGER, max: 17_592_186_044_415 },
  parse: (given) => {
    const value = signedCount.parse(given);
    const isLimit = value !== undefined && value >= 1000 && value <= 17_592_186_044_415;
    return isLimit || (value !== undefined && value <= 0) ? value : undefined;
  },
  format: String,
};

/** What the kernel takes of shares: more or less is as much as these, and libvirt refuses it. */
export const sharesRange = { least: 2, most: 262_144 } as const;

/** Periods and quotas are in microseconds; a quota counts by processor, a global one for the whole domain. */
export const cputune = element(
  'cputune',
  {
    doc: 'Shares and limits of processor time.',
    since: '0.9.0',
    emptyIsUnset: true,
    example:
      '<cputune>\n  <shares>2048</shares>\n  <period>100000</period>\n  <quota>50000</quota>\n</cputune>',
    fields: {
      shares: leaf('shares', count, { doc: 'Weight against other domains; 1024 is common.' }),
      period: leaf('period', period, {
        doc: 'Microseconds over which the quota counts.',
        since: '0.9.10',
        zeroIsUnset: true,
      }),
      quota: leaf('quota', quota, {
        doc: 'Microseconds of a period that each processor may use; -1 for no limit.',
        since: '0.9.10',
        zeroIsUnset: true,
      }),
      globalPeriod: leaf('global_period', period, {
        doc: 'Microseconds over which the global quota counts.',
        since: '1.3.3',
        zeroIsUnset: true,
      }),
      globalQuota: leaf('global_quota', quota, {
        doc: 'Microseconds of a period for the whole domain.',
        since: '1.3.3',
        zeroIsUnset: true,
      }),
      emulatorPeriod: leaf('emulator_period', period, {
        doc: "Microseconds over which the emulator's quota counts.",
        since: '0.10.0',
        zeroIsUnset: true,
      }),
      emulatorQuota: leaf('emulator_quota', quota, {
        doc: 'Microseconds of a period for the emulator.',
        since: '0.10.0',
        zeroIsUnset: true,
      }),
      iothreadPeriod: leaf('iothread_period', period, {
        doc: "Microseconds over which I/O threads' quota counts.",
        since: '2.1.0',
        zeroIsUnset: true,
      }),
      iothreadQuota: leaf('iothread_quota', quota, {
        doc: 'Microseconds of a period for I/O threads.',
        since: '2.1.0',
        zeroIsUnset: true,
      }),
      vcpupins: many(
        element('vcpupin', {
          doc: 'Processors of the host that one virtual processor runs on.',
          since: '0.9.0',
          fields: {
            vcpu: attribute(uint32, { doc: 'The virtual processor, counted from 0.', required: true }),
            cpuset,
          },
        }),
      ),
      emulatorpin: child(
        element('emulatorpin', { doc: 'Processors of the host for everything else.', fields: { cpuset } }),
      ),
      iothreadpins: many(
        element('iothreadpin', {
          doc: 'Processors of the host that one I/O thread runs on.',
          since: '1.2.9',
          fields: { iothread: attribute(uint32, { doc: 'The I/O thread.', required: true }), cpuset },
        }),
      ),
      vcpuscheds: many(
        element('vcpusched', {
          doc: 'Scheduling of virtual processors.',
          since: '1.2.13',
          fields: { vcpus: attribute(cpuSet, { doc: 'The virtual processors.' }), ...scheduler },
        }),
      ),
      iothreadscheds: many(
        element('iothreadsched', {
          doc: 'Scheduling of I/O threads.',
          since: '1.2.13',
          fields: { iothreads: attribute(cpuSet, { doc: 'The I/O threads.' }), ...scheduler },
        }),
      ),
    },
  },
  {
    check({ shares }, report) {
      if (shares !== undefined && (shares < sharesRange.least || shares > sharesRange.most))
        report.warning('out-of-range', ['shares'], 'the kernel has no such shares, and takes its nearest', {
          found: String(shares),
          expected: `${sharesRange.least} to ${sharesRange.most}`,
        });
    },
    complete(model) {
      if (periods.every((key) => model[key] !== 0)) return model;
      const isUnset = ([key, value]: [string, unknown]) => value === 0 && periods.some((one) => one === key);
      return Object.fromEntries(Object.entries(model).filter((entry) => !isUnset(entry)));
    },
  },
);

const numaMemory = element(
  'memory',
  {
    doc: 'Nodes of the host whose memory is used.',
    fields: {
      mode: attribute(oneOf('strict', 'preferred', 'interleave', 'restrictive'), {
        doc: 'How strictly.',
        assumed: 'strict',
      }),
      nodeset: attribute(cpuSet, { doc: 'The nodes.' }),
      placement: attribute(oneOf('static', 'auto'), { doc: 'Who chooses them.' }),
    },
  },
  {
    libvirt: (model) =>
      model.placement === 'auto' ? { ...model, nodeset: undefined } : { ...model, placement: undefined },
  },
);
const memnode = element('memnode', {
  doc: "Nodes of the host for one of the guest's own.",
  since: '1.2.7',
  fields: {
    cellid: attribute(uint32, { doc: "The guest's node.", required: true }),
    mode: attribute(oneOf('strict', 'preferred', 'interleave', 'restrictive'), {
      doc: 'How strictly.',
      required: true,
    }),
    nodeset: attribute(cpuSet, { doc: 'The nodes.', required: true }),
  },
});

/** Nodes are those of the host, as `cpuSet` writes them; only `cellid` is a node of the guest. */
export const numatune = element('numatune', {
  doc: 'Which memory of a NUMA host is used.',
  since: '0.9.3',
  emptyIsUnset: true,
  example: "<numatune>\n  <memory mode='strict' nodeset='0'/>\n</numatune>",
  fields: { memory: child(numaMemory), memnodes: many(memnode) },
});

/** The partition is a path such as /machine. */
export const resource = element('resource', {
  doc: 'Where the domain stands in the control group tree.',
  since: '1.0.5',
  emptyIsUnset: true,
  example: '<resource>\n  <partition>/machine</partition>\n</resource>',
  fields: {
    partition: leaf('partition', nonEmptyText, { doc: 'Path of the control group beneath which it stands.' }),
    fibrechannel: child(
      element('fibrechannel', {
        doc: 'Identity on a fibre channel fabric.',
        fields: { appid: attribute(nonEmptyText, { doc: 'The identity.', required: true }) },
      }),
    ),
  },
});

/** Limits and the guarantee in KiB; `swapHardLimitKiB` is memory and swap together. */
export type Memtune = Infer<typeof memtune>;
/** How many processors there may be (`value`), are in use (`current`), and may be run on (`cpuset`). */
export type Vcpu = Infer<typeof vcpu>;
/** Weight, quotas and their periods in microseconds, and what runs on which processors of the host. */
export type Cputune = Infer<typeof cputune>;
/** Nodes for the domain's memory, and for single nodes of a full machine. */
export type Numatune = Infer<typeof numatune>;
/** The control group beneath which the domain stands. */
export type Resource = Infer<typeof resource>;
