// What the engine tells libvirt's protocol or Prometheus alone: counters, links, layers, all that is known at once. All else is a shape of the HTTP contract.
// SPDX-License-Identifier: Apache-2.0
import type {
  BackupStatus,
  BeancounterRow,
  DeliveryReport,
  DiskUse,
  DomainSummary,
  DomainUse,
  GuaranteePolicy,
  Job,
  LedgerRow,
  Verdicts,
} from '@ctvirt/api';

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
/** Time of processors, of all of them together. */
export interface CpuCounters {
  readonly totalNs: number | null;
  readonly userNs: number | null;
  readonly systemNs: number | null;
}
/** Memory in use now, and its faults since the start. */
export interface MemoryCounters {
  readonly usedKiB: number | null;
  readonly limitKiB: number | null;
  readonly rssKiB: number | null;
  readonly cacheKiB: number | null;
  readonly swapKiB: number | null;
  readonly faults: number | null;
  readonly majorFaults: number | null;
}
/** What went to disks and came from them. */
export interface IoCounters {
  readonly readBytes: number | null;
  readonly writtenBytes: number | null;
  readonly reads: number | null;
  readonly writes: number | null;
}
/** What went one way over a link. */
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

/** What passed; 64 bits hold it, a JSON number does not. */
export interface Passed {
  readonly inBytes: bigint;
  readonly inPackets: bigint;
  readonly outBytes: bigint;
  readonly outPackets: bigint;
}

/** What the kernel has counted of one link of a domain since it was made. */
export interface LinkReading {
  readonly uuid: string;
  /** What the domain is called now; absent if it is gone. */
  readonly name?: string;
  /** One link for good: no other one has the same, on this boot of the host or another. */
  readonly link: string;
  readonly passed: Passed;
  /** Read some time ago, or of a link that is half gone: what of it is lower than known says nothing. */
  readonly isLate?: true;
}

/** A layer as a file or a folder of the host. */
export interface LayerFile {
  /** Of its owner and its place in the container, such as `web.root`, or `web.root@before` of a snapshot. */
  readonly name: string;
  /** The domain, or the kept root. */
  readonly owner: string;
  readonly isKept: boolean;
  /** Of which snapshot it is; null where it is what a start has. */
  readonly snapshot: string | null;
  /** Where it stands in the container. */
  readonly target: string;
  /** What it lies above. */
  readonly template: string;
  readonly path: string;
}

/** How much it can hold, as far as it is that itself, and how much it takes, in bytes. */
export interface FileSize {
  readonly isFolder: boolean;
  readonly capacity: number;
  readonly allocation: number;
}

/** A folder of the host that clients know as a storage pool. */
export interface FolderPool {
  readonly name: string;
  readonly uuid: string;
  readonly path: string;
  /** The daemon's own: always active, and there. */
  readonly isOwn: boolean;
  readonly isActive: boolean;
  readonly isPersistent: boolean;
  /** Whether it is active after the host's boot. */
  readonly autostart: boolean;
}

/** Of a folder or a file; what is not said is root's, and the usual. */
export interface PoolPermissions {
  readonly mode?: number | undefined;
  readonly owner?: number | undefined;
  readonly group?: number | undefined;
}

/** A file or a folder in one. */
export interface VolumeFile extends FileSize {
  readonly name: string;
  readonly path: string;
  readonly mode: number;
  readonly owner: number;
  readonly group: number;
}

/** One that is to be made. */
export interface NewVolume extends PoolPermissions {
  readonly name: string;
  readonly isFolder: boolean;
  /** Of a file: its length in bytes, of which nothing is taken yet. */
  readonly capacity: number;
}

/** A part of a file, in bytes: all from the offset on where the length is 0. */
export interface VolumeRange {
  readonly offset: number;
  readonly length: number;
}

/** What the last look at a running domain found, ten seconds ago at most; null where this kernel does not count. */
export interface KnownDomain {
  /** When it was looked at. */
  readonly at: Date;
  readonly use: DomainUse;
  readonly cpu: CpuCounters;
  readonly memory: MemoryCounters;
  readonly io: IoCounters;
  readonly links: readonly LinkCounters[];
  /** Times since its start in which its own limit held it up, and in which a process waited for a processor, memory or a disk. */
  readonly waits: {
    readonly throttledNs: number | null;
    readonly cpuNs: number | null;
    readonly memoryNs: number | null;
    readonly ioNs: number | null;
  };
  /** How often memory below its guarantee was taken, it met its own limit, and a process was ended for want of memory. */
  readonly shortages: {
    readonly reclaims: number | null;
    readonly limitHits: number | null;
    readonly kills: number | null;
  };
  /** Refusals of all beancounters since its start. */
  readonly refused: number;
  /** Of its root, a minute ago at most; null before it was asked for. */
  readonly disk: DiskUse | null;
  /** Bytes over all its links since its start, those that are gone by now as well; null where none has counted. */
  readonly passed: Readonly<Record<'rx' | 'tx', number | null>>;
}

/** A link of a run, with the bridge that its document says it is plugged into. */
export interface LinkOverview extends LinkCounters {
  readonly bridge: string | null;
}

/** A file system of a domain: what it held at the last look, and may hold. */
export interface FilesystemOverview {
  readonly target: string;
  readonly space: LimitsOverview;
  readonly inodes: LimitsOverview;
}
/** Null is none, or not known. */
export type LimitsOverview = Readonly<Record<'used' | 'soft' | 'hard', number | null>>;

/** A domain; of one that is off only what needs no look. */
export interface DomainOverview extends DomainSummary {
  /** Of its run: below the mounts of the control groups. */
  readonly group: string | null;
  readonly startedAt: Date | null;
  readonly run: {
    /** By its document, or else as much as the host has. */
    readonly maximumMemoryKiB: number;
    readonly maximumVcpus: number;
    readonly currentVcpus: number;
    readonly delivery: DeliveryReport | null;
    readonly links: readonly LinkOverview[];
    readonly filesystems: readonly FilesystemOverview[];
    readonly beancounters: readonly BeancounterRow[];
    /** Null before the first look. */
    readonly seen: KnownDomain | null;
  } | null;
  readonly snapshots: {
    readonly count: number;
    readonly lastAt: Date | null;
    /** By its schedule; null without one. */
    readonly nextAt: Date | null;
  };
  readonly backup: BackupStatus;
}

/** What is promised on this host and whether it was kept, as the last looks found it. */
export interface HostPromises {
  readonly policy: GuaranteePolicy;
  readonly ledger: readonly LedgerRow[];
  /** Of what runs, by UUID. */
  readonly verdicts: ReadonlyMap<string, Verdicts>;
}

/** All that is known of the host and its domains without a look at any of them. */
export interface HostOverview {
  /** By the kernel's name, which is libvirt's. */
  readonly arch: string;
  /** The last round of looks at all that run; null before the first. */
  readonly sweep: { readonly endedAt: Date; readonly seconds: number } | null;
  readonly domains: readonly DomainOverview[];
  readonly ledger: readonly LedgerRow[];
  /** Promises that were asked for since the daemon started, by what became of them. */
  readonly admissions: Readonly<Record<'kept' | 'overcommitted' | 'refused', number>>;
  /** Jobs under way. */
  readonly jobs: readonly Pick<Job, 'domain' | 'uuid' | 'kind' | 'startedAt'>[];
  /** How many have ended since the daemon started, of domains that there are. */
  readonly endedJobs: readonly {
    readonly of: Readonly<Record<'domain' | 'uuid' | 'kind' | 'state', string>>;
    readonly count: number;
  }[];
}
