// What the engine tells its frontends of a domain: plain data, the same for HTTP and libvirt's protocol.
// SPDX-License-Identifier: Apache-2.0
import type { DomainSummary } from '@ctvirt/api';

/** Counters since the start; null where this kernel does not count. Each group is read when it is asked for. */
export interface DomainCounters {
  /** The two that are asked for most, each in one read. */
  cpuTimeNs(): number | null;
  usedMemoryKiB(): number | null;
  cpu(): CpuCounters;
  /** By processor; empty where the kernel does not count so. */
  processorTimesNs(): readonly number[];
  memory(): MemoryCounters;
  io(): IoCounters;
  links(): Promise<readonly LinkCounters[]>;
}
export interface CpuCounters {
  readonly totalNs: number | null;
  readonly userNs: number | null;
  readonly systemNs: number | null;
}
export interface MemoryCounters {
  readonly usedKiB: number | null;
  readonly limitKiB: number | null;
  readonly rssKiB: number | null;
  readonly cacheKiB: number | null;
  readonly swapKiB: number | null;
  readonly faults: number | null;
  readonly majorFaults: number | null;
}
export interface IoCounters {
  readonly readBytes: number;
  readonly writtenBytes: number;
  readonly reads: number;
  readonly writes: number;
}
export interface TrafficCounters {
  readonly bytes: number | null;
  readonly packets: number | null;
  readonly errors: number | null;
  readonly drops: number | null;
}
/** A link of the container, named inside and on the host, counted from its own side. */
export interface LinkCounters {
  readonly name: string;
  readonly hostName: string | null;
  readonly mac: string | null;
  readonly rx: TrafficCounters;
  readonly tx: TrafficCounters;
}

/** A link with the addresses it has now; `kind` is the kernel's, such as `veth` or `bridge`. */
export interface LinkAddresses {
  readonly name: string;
  readonly mac: string | null;
  readonly up: boolean;
  readonly kind: string | null;
  readonly addresses: readonly {
    readonly family: 4 | 6;
    readonly address: string;
    readonly prefix: number;
  }[];
}

/** Something of ours on the host: a path, mount, loop device, link, cgroup or id range. */
export interface Asset {
  readonly kind: 'file' | 'mount' | 'loop' | 'link' | 'cgroup' | 'id-range' | 'process' | 'profile';
  readonly what: string;
  /** The domain, template or `daemon` that owns it; null for a stray. */
  readonly owner: string | null;
}

interface AnyEvent {
  readonly detail: string;
  readonly domain: DomainSummary;
  readonly at: string;
}

/** A state change, in libvirt's event vocabulary. */
export interface LifecycleEvent extends AnyEvent {
  readonly event: 'defined' | 'undefined' | 'started' | 'suspended' | 'resumed' | 'stopped';
}

/** A running domain was refused something; `detail` is the resource's name. */
export interface BeancounterEvent extends AnyEvent {
  readonly event: 'beancounter';
  readonly beancounter: {
    readonly resource: string;
    /** Refusals since the last such event. */
    readonly rise: number;
    /** Refusals since the start. */
    readonly failcnt: number;
  };
}

/** One of the things that a change made different, by what clients know it as. */
export type Change =
  /** Scheduler parameters by libvirt's names of them in its tunable event, with their new values. */
  | { readonly what: 'tunable'; readonly values: Readonly<Record<string, number | string>> }
  /** `<currentMemory>`. */
  | { readonly what: 'memory'; readonly currentKiB: number }
  /** Resource parameters, by OpenVZ's names. */
  | { readonly what: 'parameters'; readonly keys: readonly string[] }
  | {
      readonly what: 'metadata';
      readonly kind: 'title' | 'description' | 'element';
      /** The namespace of an element. */
      readonly uri: string | null;
    }
  /** An interface that came or went, by its name on the host, or in the container where it has none there. */
  | { readonly what: 'device-added' | 'device-removed'; readonly alias: string };

/** A domain was changed while it exists: whoever did it, and by whichever frontend. */
export interface ChangedEvent extends AnyEvent {
  readonly event: 'changed';
  readonly changes: readonly Change[];
}

export type DomainEvent = LifecycleEvent | BeancounterEvent | ChangedEvent;

/** One line of OpenVZ's accounting, in the resource's own unit. */
export interface BeancounterRow {
  /** OpenVZ's name, in lower case as its kernel has it. */
  readonly resource: string;
  readonly unit: 'pages' | 'bytes' | 'count';
  /** Null, here and below, where the kernel does not tell, or the domain is off. */
  readonly held: number | null;
  /** The most it held since the start. */
  readonly maxheld: number | null;
  /** Whether `maxheld` is the highest of samples, not the kernel's own maximum. */
  readonly sampled: boolean;
  /** Null is unlimited, here and below. */
  readonly barrier: number | null;
  readonly limit: number | null;
  /** Refusals since the start; null where the kernel does not count them. */
  readonly failcnt: number | null;
  /** For people: what is counted, and how that differs from OpenVZ's. */
  readonly how: string;
}

/** A domain's accounting since its start. */
export interface BeancounterReport {
  readonly name: string;
  readonly uuid: string;
  readonly ctid: number | null;
  /** Null if it is off: then nothing but barriers and limits is known. */
  readonly startedAt: string | null;
  /** When what no cgroup counts was counted: open files, terminals, queued signals, file locks, sockets. */
  readonly countedAt: string | null;
  readonly rows: readonly BeancounterRow[];
}
