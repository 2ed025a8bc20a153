// What runs domains: all that the rest of the engine knows of it. No process, path or control group of the host is named here.
// SPDX-License-Identifier: Apache-2.0
import type { DomainInfo, DomainProcess, DomainUse, PromisedDomain } from '@ctvirt/api';
import type { Domain } from '@ctvirt/xml';
import type { ConsoleStream, ExecSession, Transfer } from '../contract.js';
import type { HeldAsset } from '../host/held-asset.js';
import type { HostIds } from '../state/id-ranges.js';
import type { DomainRecord } from '../state/record.js';
import type { Usage } from '../storage/index.js';
import type {
  CpuCounters,
  DomainCounters,
  IoCounters,
  LinkAddresses,
  LinkCounters,
  MemoryCounters,
} from '../view.js';

/** How a run ended: by the container's own wish, or not; of `unstarted` init never ran. */
export interface Ending {
  readonly cause: 'poweroff' | 'reboot' | 'crash' | 'unstarted';
  readonly detail: string;
  /** Whether the run was killed, by this daemon or one before. */
  readonly isWanted: boolean;
}

/** A domain as a driver knows it; the same object as long as the domain is defined. */
export interface Subject {
  readonly record: DomainRecord;
  readonly running: Run | undefined;
}

/** One run of a domain, from its start to its end. */
export interface Run {
  /** Told as libvirt's id; no two runs have the same. */
  readonly id: number;
  readonly startedAt: Date;
  readonly isFrozen: boolean;
  /** Calls back once when it has ended and its driver has seen to that. */
  watch(onEnd: () => void): Disposable;
  /** Asks init, in the way it understands. */
  ask(what: 'poweroff' | 'reboot'): void;
  /** Ends it whatever it does; `gone` resolves at the end it is watched for. False if it has not, and nothing of it has gone for `KILL_WAIT_MS`. */
  kill(gone: Promise<void>): Promise<boolean>;
  freeze(): Promise<void>;
  thaw(): Promise<void>;
  /**
   * Lets nothing inside go on while `work` lasts, and no longer than the limit, after which this fails; whatever becomes of the daemon. Returns
   * for how long, in milliseconds.
   */
  hold(work: () => Promise<void>, limitMs: number): Promise<number>;
  /** Writes what its root has in memory alone. */
  sync(): Promise<void>;

  /** Runs a program inside; resolves once it is there. */
  exec(program: Program): Promise<ExecSession>;
  /** Its users, by its own lists. */
  readonly users: RunUsers;
  /** Its console; closing the stream detaches. */
  console(size: Size): Promise<ConsoleStream>;
  /** Its processes; only the one of a host's pid, if that is one of them. */
  processes(pid?: number): Promise<readonly RunProcess[]>;
  /** Sends a signal to a process by the number it has inside; throws `not-found` if there is none. */
  signal(pid: number, signal: number): void;
  /** The links inside, with their present addresses. */
  addresses(): Promise<readonly LinkAddresses[]>;
  /** Tells neighbours that its addresses are here now; what could not be told, a sentence each. */
  announce(): Promise<readonly string[]>;
  /** What it has used since its start. */
  counters(): DomainCounters;
  /** The few of these that `info` tells, with what it may have. */
  use(): DomainUse;
  /** What it holds now; zero where that is not counted. */
  held(): Held;
  /** What the file system mounted at this path inside holds. */
  usage(target: string): Promise<Usage>;
}

/** A process of a run. */
export type RunProcess = Omit<DomainProcess, 'domain' | 'uuid'>;

/** What users of a run log in with; each fails with `host-command` for a user that is not there. */
export interface RunUsers {
  /** A hash as crypt(3) makes them. */
  setPassword(user: string, hash: string): Promise<void>;
  /** The lines of `authorized_keys`, comments included. */
  sshKeys(user: string): Promise<readonly string[]>;
  setSshKeys(user: string, lines: readonly string[]): Promise<void>;
}

/** The size of a terminal. */
export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** A program to run inside, on a terminal of that size or on pipes. */
export interface Program {
  readonly argv: readonly string[];
  /** Beside what every program inside has. */
  readonly env: Readonly<Record<string, string>>;
  /** By the lists inside; root without it. */
  readonly user?: string | undefined;
  /** Where it begins; the user's home without it, or `/` for root. */
  readonly folder?: string | undefined;
  readonly terminal?: Size;
}

/** What a run holds of what the host has. */
export type Held = Pick<PromisedDomain, 'memoryBytes' | 'swapBytes' | 'processes'>;

/** What all processors of the host did since it came up. */
export interface HostTime {
  readonly hostTicks: number;
  readonly hostIdleTicks: number;
}

/** What a run was given until one moment, and what the host did; not a number where that is not told. All but memory counts up. */
export interface Sample extends HostTime {
  readonly atMs: number;
  readonly cpuNs: number;
  readonly throttledNs: number;
  readonly waitedNs: number;
  readonly memoryBytes: number;
  readonly reclaims: number;
  readonly limitHits: number;
  readonly kills: number;
  readonly stalledNs: number;
}

/** One look at a run: all that is read of it every ten seconds, once for all who want to know. */
export interface Look extends Sample {
  readonly use: DomainUse;
  readonly cpu: CpuCounters;
  readonly memory: MemoryCounters;
  readonly io: IoCounters;
  /** For how long one of its processes waited for a disk; not a number where that is not told. */
  readonly ioWaitedNs: number;
  /** Refusals of all beancounters since its start. */
  readonly refused: number;
  readonly links: readonly LinkCounters[];
}

/** How long `kill` tries after the last process that went. */
export const KILL_WAIT_MS = 10_000;

/** What a daemon finds of its domains' runs when it starts. */
export interface Found<S extends Subject> {
  readonly subject: S;
  /** Undefined if it has ended while nobody watched. */
  readonly run: Run | undefined;
  /** Somebody had begun to kill it. */
  readonly isUnwanted: boolean;
}

/** What is measured of a domain that is off, or by a driver that measures nothing. */
export const unmeasured: DomainUse = {
  usedMemoryKiB: null,
  cpuTimeNs: null,
  processes: null,
  maxProcesses: null,
};

/** What a driver tells of a domain, whether or not it runs. */
export type RunInfo = Pick<DomainInfo, 'initPid' | 'walls'>;

/** Who may need what the host holds. */
export interface Owners {
  readonly subjects: Iterable<Subject>;
  /** Whether an operation of it is under way, which makes and removes things whose owner is not, or no more, to be seen. */
  readonly isBusy: (subject: Subject) => boolean;
}

/** What goes on beside a start. */
export interface AroundStart {
  /** Called when there is nothing more to refuse: what fails from then on is a run that failed. */
  readonly begun: () => void;
  /** What has to be done before init runs; the start fails with it. */
  readonly ready: Promise<void>;
}

/** What starts, finds, changes and puts away the runs of domains. */
export interface Driver {
  /** Starts a domain from its document and resolves when its init runs; undefined if that has ended already. */
  start(subject: Subject, domain: Domain, xml: string, around: AroundStart): Promise<Run | undefined>;
  /** Finishes or undoes what an earlier daemon had begun, and returns what runs, and what ran and was not put away. */
  find<S extends Subject>(subjects: Iterable<S>): Promise<readonly Found<S>[]>;
  /** How the last run ended that was not put away. */
  ending(subject: Subject): Promise<Ending>;
  /** Takes back from the host what a run had, but what tells the next daemon of it. */
  release(subject: Subject): Promise<void>;
  /** Forgets the last run; a run that is to follow at once keeps its place on the host. */
  putAway(subject: Subject): Promise<void>;
  /** No run follows. */
  leave(subject: Subject): void;
  /** Changes a run to what a changed document says: whole or not at all. */
  change(subject: Subject, change: LiveChange): Promise<void>;
  /** Puts back what a killed daemon had begun to change, from the document it wanted to the one that holds. */
  restore(subject: Subject, wanted: Domain, domain: Domain): Promise<void>;
  /** A document as a run has it, with names for its links that no other of its links has or had. */
  named(subject: Subject, domain: Domain): Domain;
  /** What the domain has of the host, and what stands between the two. */
  info(subject: Subject, domain: Domain): Promise<RunInfo>;
  /** Where so many more runs of a document would be put, each on which processors; undefined where it may run on all. */
  places(domain: Domain, count: number): readonly (readonly number[])[] | undefined;
  /** What the host holds for runs, each with the domain that needs it; `null` owns a stray. */
  assets(owners: Owners): readonly HeldAsset[];
  /** Puts files into the tree of a domain or takes some out; nobody starts one that is off until that has ended. */
  transfer(subject: Subject, domain: Domain, what: Transfer): Promise<ExecSession>;
  /** Ids of the host that processes have whose domain is known no more. */
  strayIds(subjects: Iterable<Subject>): Promise<readonly HostIds[]>;
  /** Nothing runs: gives back what all runs share. */
  idle(): void;
}

/** A change of a running domain, from one document to another. */
export interface LiveChange {
  readonly before: Domain;
  readonly after: Domain;
  /** Done when the host has changed and can still be changed back: what fails here changes it back. */
  readonly commit: () => Promise<void>;
}
