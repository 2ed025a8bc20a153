// Counters of domains: all of many in one call.
// SPDX-License-Identifier: Apache-2.0
import type { DomainSummary } from '@ctvirt/api';
import {
  type CpuCounters,
  type DomainCounters,
  type Engine,
  EngineError,
  isSliceOver,
  nextSlice,
} from '@ctvirt/engine';
import type { TypedParam } from '@ctvirt/rpc';
import type { Domain } from '@ctvirt/xml';
import { type Bind, domainsOf, sees, toWireDomain } from '../session.js';
import { filtered } from '../words/list-flags.js';
import { typedParam } from '../words/parameters.js';
import { refusal } from '../words/refusal.js';
import { wholeDisk } from './device-counters.js';
import { stateOf } from './facts.js';
import { domainFilters, inOrder } from './lookup.js';
import { memoryOf } from './memory.js';
import { memoryUseOf } from './memory-use.js';
import { vcpusOf } from './processors.js';

/** One domain while its record is made. */
interface Subject {
  readonly domain: DomainSummary;
  readonly document: Domain;
  /** Undefined if it does not run. */
  readonly counters: DomainCounters | undefined;
  /** Read once, for those groups that both tell it. */
  readonly cpu: () => CpuCounters | undefined;
}

type Add = (field: string, type: 'int' | 'uint' | 'ullong', value: number | null) => void;
interface Sink {
  /** Adds a number; one that the kernel does not count is left out. */
  readonly add: Add;
  readonly addText: (field: string, value: string) => void;
}

/** A group of virDomainStatsTypes. */
interface Group {
  readonly bit: number;
  readonly collect: (subject: Subject, sink: Sink) => Promise<void> | void;
}

const sides = ['rx', 'tx'] as const;
const trafficNames = [
  ['bytes', 'bytes'],
  ['packets', 'pkts'],
  ['errors', 'errs'],
  ['drops', 'drop'],
] as const;

const groups: readonly Group[] = [
  {
    bit: 1,
    collect({ domain }, { add }) {
      const { state, reason } = stateOf(domain);
      add('state.state', 'int', state);
      add('state.reason', 'int', reason);
    },
  },
  {
    bit: 2,
    collect({ cpu }, { add }) {
      const used = cpu();
      if (used === undefined) return;
      add('cpu.time', 'ullong', used.totalNs);
      add('cpu.user', 'ullong', used.userNs);
      add('cpu.system', 'ullong', used.systemNs);
    },
  },
  {
    bit: 4,
    collect({ counters, document }, { add }) {
      const { current, maximum } = memoryOf(document);
      add('balloon.current', 'ullong', current);
      add('balloon.maximum', 'ullong', maximum);
      if (counters === undefined) return;
      const use = memoryUseOf(counters.memory());
      add('balloon.rss', 'ullong', use.rssKiB);
      add('balloon.available', 'ullong', use.availableKiB);
      add('balloon.unused', 'ullong', use.unusedKiB);
      add('balloon.usable', 'ullong', use.usableKiB);
      add('balloon.disk_caches', 'ullong', use.cacheKiB);
      add('balloon.major_fault', 'ullong', use.majorFaults);
      add('balloon.minor_fault', 'ullong', use.minorFaults);
    },
  },
  {
    bit: 8,
    collect({ cpu, document }, { add }) {
      const { current: count, maximum } = vcpusOf(document);
      add('vcpu.current', 'uint', count);
      add('vcpu.maximum', 'uint', maximum);
      const used = cpu();
      if (used === undefined) return;
      for (let vcpu = 0; vcpu < count; vcpu++) {
        add(`vcpu.${vcpu}.state`, 'int', 1);
        add(`vcpu.${vcpu}.time`, 'ullong', used.totalNs === null ? null : Math.floor(used.totalNs / count));
      }
    },
  },
  {
    bit: 16,
    async collect({ counters }, { add, addText }) {
      if (counters === undefined) return;
      const links = await counters.links();
      add('net.count', 'uint', links.length);
      links.forEach((link, at) => {
        addText(`net.${at}.name`, link.hostName ?? link.name);
        for (const side of sides)
          for (const [key, name] of trafficNames) add(`net.${at}.${side}.${name}`, 'ullong', link[side][key]);
      });
    },
  },
  {
    bit: 32,
    collect({ counters }, { add, addText }) {
      if (counters === undefined) return;
      const { readBytes, writtenBytes, reads, writes } = counters.io();
      add('block.count', 'uint', 1);
      addText('block.0.name', wholeDisk);
      add('block.0.rd.reqs', 'ullong', reads);
      add('block.0.rd.bytes', 'ullong', readBytes);
      add('block.0.wr.reqs', 'ullong', writes);
      add('block.0.wr.bytes', 'ullong', writtenBytes);
    },
  },
];

const knownStats = groups.reduce((bits, { bit }) => bits | bit, 0);
/** Flags beside those that filter domains: do not wait, follow backing chains, refuse unknown groups. */
const statsFlags = { enforce: 1 << 31, nowait: 1 << 29, backing: 1 << 30 } as const;

async function recordOf(
  engine: Engine,
  domain: DomainSummary,
  wanted: readonly Group[],
): Promise<TypedParam[]> {
  const params: TypedParam[] = [];
  const sink: Sink = {
    add: (field, type, value) => {
      if (value !== null) params.push(typedParam(field, type, value));
    },
    addText: (field, value) => params.push({ field, type: 'string', value }),
  };
  let known: CpuCounters | undefined;
  const counters = domain.id === null ? undefined : engine.counters(domain.uuid);
  const subject: Subject = {
    domain,
    document: await engine.document(domain.uuid),
    counters,
    cpu: () => {
      known ??= counters?.cpu();
      return known;
    },
  };
  for (const { collect } of wanted) await collect(subject, sink);
  return params;
}

/** Records of many domains in one answer, of the groups that were asked for, else of all. */
export const bindDomainStats: Bind = ({ engine }) => ({
  async connectGetAllDomainStats({ doms, stats, flags }, { session }) {
    const unknown = stats & ~knownStats;
    if ((flags & statsFlags.enforce) !== 0 && unknown !== 0)
      throw refusal(
        'argumentUnsupported',
        'domain',
        `Stats types bits 0x${(unknown >>> 0).toString(16)} are not supported by this daemon`,
      );
    const wanted = groups.filter(({ bit }) => stats === 0 || (stats & bit) !== 0);
    // Of named domains those that are gone are left out.
    const subjects =
      doms.length > 0
        ? doms.flatMap(({ uuid }) => engine.find({ uuid }) ?? []).filter(({ type }) => sees(session, type))
        : filtered(domainsOf(engine, session), flags, domainFilters(engine)).sort(inOrder);
    const retStats: { dom: ReturnType<typeof toWireDomain>; params: TypedParam[] }[] = [];
    for (const domain of subjects) {
      if (isSliceOver()) await nextSlice();
      try {
        retStats.push({ dom: toWireDomain(domain), params: await recordOf(engine, domain, wanted) });
      } catch (error) {
        // It ended or went meanwhile: the next call tells more of it.
        if (!(error instanceof EngineError)) throw error;
      }
    }
    return { retStats };
  },
});
