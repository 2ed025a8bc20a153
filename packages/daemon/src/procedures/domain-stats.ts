// Counters of domains: all of many in one call, and those of single disks and links.
// SPDX-License-Identifier: Apache-2.0
import { type DomainSummary, type Engine, EngineError, type LinkCounters } from '@ctvirt/engine';
import type { TypedParam } from '@ctvirt/rpc';
import type { Domain } from '@ctvirt/xml';
import { stringFlag } from './affect.js';
import { stateOf } from './domain-facts.js';
import { domainFilters, inOrder } from './domain-lookup.js';
import { currentMemoryKiB, maxMemoryKiB } from './domain-memory.js';
import { currentVcpus, maxVcpus } from './domain-processors.js';
import { filtered } from './list-flags.js';
import { typedParam } from './parameters.js';
import { checkFlags, refusal } from './refusal.js';
import { type Bind, domainOf, domainsOf, runningDomainOf, sees, toWireDomain } from './session.js';

/** One domain while its record is made. */
interface Subject {
  readonly engine: Engine;
  readonly domain: DomainSummary;
  readonly document: Domain;
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
const trafficNames = { bytes: 'bytes', packets: 'pkts', errors: 'errs', drops: 'drop' } as const;

/** The container's whole I/O: the kernel does not count it by file system. */
export const wholeDisk = '/';

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
    collect({ engine, domain }, { add }) {
      if (domain.id === null) return;
      const { totalNs, userNs, systemNs } = engine.counters(domain.uuid).cpu();
      add('cpu.time', 'ullong', totalNs);
      add('cpu.user', 'ullong', userNs);
      add('cpu.system', 'ullong', systemNs);
    },
  },
  {
    bit: 4,
    collect({ engine, domain, document }, { add }) {
      add('balloon.current', 'ullong', currentMemoryKiB(document));
      add('balloon.maximum', 'ullong', maxMemoryKiB(document));
      if (domain.id === null) return;
      const { usedKiB, limitKiB, rssKiB, cacheKiB, majorFaults, faults } = engine
        .counters(domain.uuid)
        .memory();
      add('balloon.rss', 'ullong', rssKiB);
      add('balloon.available', 'ullong', limitKiB);
      const unused = limitKiB === null || usedKiB === null ? null : Math.max(0, limitKiB - usedKiB);
      add('balloon.unused', 'ullong', unused);
      add('balloon.usable', 'ullong', unused === null ? null : unused + (cacheKiB ?? 0));
      add('balloon.disk_caches', 'ullong', cacheKiB);
      add('balloon.major_fault', 'ullong', majorFaults);
      add(
        'balloon.minor_fault',
        'ullong',
        faults === null || majorFaults === null ? null : faults - majorFaults,
      );
    },
  },
  {
    bit: 8,
    collect({ engine, domain, document }, { add }) {
      const count = currentVcpus(document);
      add('vcpu.current', 'uint', count);
      add('vcpu.maximum', 'uint', maxVcpus(document));
      if (domain.id === null) return;
      const { totalNs } = engine.counters(domain.uuid).cpu();
      for (let vcpu = 0; vcpu < count; vcpu++) {
        add(`vcpu.${vcpu}.state`, 'int', 1);
        add(`vcpu.${vcpu}.time`, 'ullong', totalNs === null ? null : Math.floor(totalNs / count));
      }
    },
  },
  {
    bit: 16,
    async collect({ engine, domain }, { add, addText }) {
      if (domain.id === null) return;
      const links = await engine.counters(domain.uuid).links();
      add('net.count', 'uint', links.length);
      links.forEach((link, at) => {
        addText(`net.${at}.name`, link.hostName ?? link.name);
        for (const side of sides)
          for (const [key, name] of Object.entries(trafficNames))
            add(`net.${at}.${side}.${name}`, 'ullong', link[side][key as keyof typeof trafficNames]);
      });
    },
  },
  {
    bit: 32,
    collect({ engine, domain }, { add, addText }) {
      if (domain.id === null) return;
      const { readBytes, writtenBytes, reads, writes } = engine.counters(domain.uuid).io();
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

/** How long records are made before other clients get their turn. */
const turnMs = 4;

async function recordOf(subject: Omit<Subject, 'document'>, wanted: readonly Group[]): Promise<TypedParam[]> {
  const { engine, domain } = subject;
  const params: TypedParam[] = [];
  const sink: Sink = {
    add: (field, type, value) => {
      if (value !== null) params.push(typedParam(field, type, value));
    },
    addText: (field, value) => params.push({ field, type: 'string', value }),
  };
  const document = await engine.document(domain.uuid);
  for (const { collect } of wanted) {
    try {
      await collect({ ...subject, document }, sink);
    } catch (error) {
      // It ended meanwhile: what was read before stands.
      if (!(error instanceof EngineError)) throw error;
    }
  }
  return params;
}

const isSame = (link: LinkCounters, device: string): boolean =>
  link.hostName === device || link.name === device || link.mac?.toLowerCase() === device.toLowerCase();

export const bindDomainStats: Bind = ({ engine }) => {
  const ioOf = (uuid: string, path: string) => {
    if (path !== '' && path !== wholeDisk) throw refusal('invalidArg', 'domain', `invalid path: ${path}`);
    return engine.counters(uuid).io();
  };
  return {
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
          : filtered(domainsOf(engine, session), flags, domainFilters).sort(inOrder);
      const retStats: { dom: ReturnType<typeof toWireDomain>; params: TypedParam[] }[] = [];
      let began = performance.now();
      for (const domain of subjects) {
        if (performance.now() - began > turnMs) {
          await new Promise(setImmediate);
          began = performance.now();
        }
        try {
          const params = await recordOf({ engine, domain }, wanted);
          retStats.push({ dom: toWireDomain(domain), params });
        } catch (error) {
          if (!(error instanceof EngineError && error.code === 'not-found')) throw error; // undefined meanwhile
        }
      }
      return { retStats };
    },
    domainBlockStats({ dom, path }, { session }) {
      const { readBytes, writtenBytes, reads, writes } = ioOf(
        runningDomainOf(engine, session, dom).uuid,
        path,
      );
      return {
        rdReq: BigInt(reads),
        rdBytes: BigInt(readBytes),
        wrReq: BigInt(writes),
        wrBytes: BigInt(writtenBytes),
        errs: -1n,
      };
    },
    domainBlockStatsFlags({ dom, path, nparams, flags }, { session, name }) {
      checkFlags(flags, stringFlag, name);
      const { readBytes, writtenBytes, reads, writes } = ioOf(
        runningDomainOf(engine, session, dom).uuid,
        path,
      );
      const values = {
        rd_bytes: readBytes,
        rd_operations: reads,
        wr_bytes: writtenBytes,
        wr_operations: writes,
      };
      const params = Object.entries(values).map(
        ([field, value]): TypedParam => ({ field, type: 'llong', value: BigInt(value) }),
      );
      return nparams === 0
        ? { params: [], nparams: params.length }
        : { params: params.slice(0, nparams), nparams: Math.min(nparams, params.length) };
    },
    async domainGetBlockInfo({ dom, path, flags }, { session, name }) {
      checkFlags(flags, 0, name);
      if (path !== wholeDisk)
        throw refusal('invalidArg', 'domain', `invalid path ${path} not assigned to domain`);
      const { disk } = await engine.info(domainOf(engine, session, dom).uuid);
      const used = BigInt(disk.usedBytes ?? 0);
      return { allocation: used, capacity: BigInt(disk.limitBytes ?? 0), physical: used };
    },
    async domainInterfaceStats({ dom, device }, { session }) {
      const { uuid } = runningDomainOf(engine, session, dom);
      const link = (await engine.counters(uuid).links()).find((one) => isSame(one, device));
      if (link === undefined) throw refusal('invalidArg', 'domain', `'${device}' is not a known interface`);
      const value = (number: number | null): bigint => BigInt(number ?? -1);
      const { rx, tx } = link;
      return {
        rxBytes: value(rx.bytes),
        rxPackets: value(rx.packets),
        rxErrs: value(rx.errors),
        rxDrop: value(rx.drops),
        txBytes: value(tx.bytes),
        txPackets: value(tx.packets),
        txErrs: value(tx.errors),
        txDrop: value(tx.drops),
      };
    },
  };
};
