// The engine as its frontends see it: one method per operation, plain data in and out.
// SPDX-License-Identifier: Apache-2.0
import type { Duplex, Readable } from 'node:stream';
import type {
  BeancounterReport,
  DefineResult,
  DeliveryReport,
  DomainEvent,
  DomainInfo,
  DomainSummary,
  GuaranteeReport,
  OwnerLimits,
  QuotaReport,
} from '@ctvirt/api';
import type { ReportRow, ResourceRow } from '@ctvirt/formats';
import type { Domain } from '@ctvirt/xml';
import type { Asset, DomainCounters, LinkAddresses } from './view.js';

/** A domain by UUID, name or id of its run, looked up in this order; no id is another domain's name or CTID. */
export type DomainRef = string;

export interface Progress {
  readonly phase: string;
  readonly done: number;
  readonly total?: number | undefined;
}
/** A domain by exactly one of its names; unlike a DomainRef it cannot mean another one. */
export type DomainKey = { readonly id: number } | { readonly name: string } | { readonly uuid: string };

export type OnProgress = (progress: Progress) => void;

/** A container of another system: its name or number there, and what lies elsewhere than is usual. */
export interface AdoptRequest {
  readonly format: 'openvz' | 'lxc' | 'vserver';
  readonly name: string;
  /** Its configuration, a file or for vserver a folder. */
  readonly config?: string | undefined;
  /** The directory with its files. */
  readonly private?: string | undefined;
}

export interface AdoptResult extends DefineResult {
  /** What became of each key of its configuration. */
  readonly report: readonly ReportRow[];
}

export interface TemplateView {
  readonly name: string;
  readonly digest: string;
  readonly sizeBytes: number;
  readonly unpackedBytes: number;
  readonly inodes: number;
  readonly importedAt: string;
  readonly source: string;
  readonly usedBy: readonly string[];
}

export interface ProfileView {
  readonly name: string;
  readonly path: string;
  readonly text: string;
}

/** Signals that reach the programs of a session. */
export const passedSignals = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGUSR1', 'SIGUSR2'] as const;
export type PassedSignal = (typeof passedSignals)[number];

/** A program started inside a container. With a terminal, `stdout` carries both streams and `stderr` stays empty. */
export interface ExecSession {
  readonly stdin: NodeJS.WritableStream;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Exit status of the program, 128 + signal number if it was killed. */
  readonly exited: Promise<number>;
  resize(columns: number, rows: number): void;
  /** Sends a signal to the program and all that it has begun in its session. */
  signal(name: PassedSignal): void;
  /** Ends them at once. */
  kill(): void;
}

export interface Engine {
  list(): readonly DomainSummary[];
  summary(ref: DomainRef): DomainSummary;
  /** The domain of this key, if there is one. */
  find(key: DomainKey): DomainSummary | undefined;
  info(ref: DomainRef): Promise<DomainInfo>;
  /** The domain's XML; of a running domain with its id and live addresses unless `inactive`. */
  xml(ref: DomainRef, options?: { inactive?: boolean }): Promise<string>;

  /** The same, parsed: shared with others, not to be changed. */
  document(ref: DomainRef, options?: { inactive?: boolean }): Promise<Domain>;
  /**
   * Changes the document by a pure function: the stored one, the running one, or both. Of a running domain limits and
   * network interfaces change with it; other devices stay what they are, and are refused.
   */
  amend(
    ref: DomainRef,
    targets: { readonly live: boolean; readonly stored: boolean },
    edit: (domain: Domain) => Domain,
  ): Promise<void>;
  /** Every resource parameter the document names, in OpenVZ's spelling, and what becomes of each on this host. */
  parameters(ref: DomainRef, options?: { inactive?: boolean }): Promise<readonly ResourceRow[]>;
  /**
   * Sets parameters by OpenVZ's names, in vzctl's spelling, in the running domain, the stored document, or both; of neither
   * asked for, in the running one if it runs. Answers those that were set. Throws `invalid` for a name or value that cannot be,
   * and as `amend` does.
   */
  setParameters(
    ref: DomainRef,
    values: Readonly<Record<string, string>>,
    targets: { readonly live: boolean; readonly stored: boolean },
  ): Promise<readonly ResourceRow[]>;
  /** OpenVZ's accounting of a domain; of one that is off only what it may have. */
  beancounters(ref: DomainRef): Promise<BeancounterReport>;
  /** The same of all that run. */
  allBeancounters(): Promise<readonly BeancounterReport[]>;
  /** What the domain's file systems hold, may hold, and for how long more than that. */
  quota(ref: DomainRef): Promise<QuotaReport>;
  /** Limits one user or group of the domain on its root, as `setParameters` does the domain. */
  setOwnerQuota(
    ref: DomainRef,
    values: OwnerLimits,
    targets: { readonly live: boolean; readonly stored: boolean },
  ): Promise<QuotaReport>;
  /** What a running domain has used; throws `wrong-state` if it is off. */
  counters(ref: DomainRef): DomainCounters;
  /** The links a running domain has inside, with their present addresses. */
  addresses(ref: DomainRef): Promise<readonly LinkAddresses[]>;
  /** Sends a signal by number to a process of a running domain, by the pid it has there. */
  signal(ref: DomainRef, pid: number, signal: number): void;

  define(xml: string, options?: { strict?: boolean }): Promise<DefineResult>;
  /** Defines a container of another system on its own files, where they lie; nothing of them is changed. */
  adopt(request: AdoptRequest): Promise<AdoptResult>;
  /** Starts a transient domain: it is gone, root included, when it stops. */
  create(xml: string, options?: { strict?: boolean }): Promise<DefineResult>;
  start(ref: DomainRef): Promise<DomainSummary>;
  /** Asks init to power off; resolves when it was asked, or with `waitMs` when it is off. */
  shutdown(ref: DomainRef, options?: { waitMs?: number }): Promise<DomainSummary>;
  reboot(ref: DomainRef, options?: { waitMs?: number }): Promise<DomainSummary>;
  destroy(ref: DomainRef): Promise<DomainSummary>;
  suspend(ref: DomainRef): Promise<DomainSummary>;
  resume(ref: DomainRef): Promise<DomainSummary>;
  undefine(ref: DomainRef, options?: { storage?: boolean }): Promise<void>;
  setAutostart(ref: DomainRef, autostart: boolean): Promise<DomainSummary>;

  exec(
    ref: DomainRef,
    options: {
      argv: readonly string[];
      env?: Readonly<Record<string, string>>;
      tty?: boolean;
      columns?: number;
      rows?: number;
    },
  ): Promise<ExecSession>;
  /** The container's /dev/console; closing the stream detaches. */
  console(
    ref: DomainRef,
    options?: { columns?: number; rows?: number },
  ): Promise<{ stream: Duplex; resize(columns: number, rows: number): void }>;

  templates: {
    list(): Promise<readonly TemplateView[]>;
    get(name: string): Promise<TemplateView>;
    import(
      name: string,
      source: string | Readable,
      options?: { digest?: string; sizeBytes?: number; onProgress?: OnProgress; signal?: AbortSignal },
    ): Promise<TemplateView>;
    buildDebian(
      name: string,
      options?: {
        suite?: string;
        include?: readonly string[];
        mirror?: string;
        onProgress?: OnProgress;
        signal?: AbortSignal;
      },
    ): Promise<TemplateView>;
    buildBusybox(name: string): Promise<TemplateView>;
    remove(name: string): Promise<void>;
  };
  profiles: {
    list(): Promise<readonly ProfileView[]>;
    get(name: string): Promise<ProfileView>;
  };

  /** The host's ledger of promises; with a profile, how many more domains of it could be kept to theirs. */
  guarantees(options?: { profile?: string }): Promise<GuaranteeReport>;
  /** What each running domain was promised and given over the last minutes, five if not said otherwise. */
  deliveries(options?: { minutes?: number }): Promise<readonly DeliveryReport[]>;

  /** What the host holds of ours, each with its owner; `stray` ones have none. */
  check(): Promise<{ owned: readonly Asset[]; stray: readonly Asset[] }>;
  /** Returns the strays to the host; answers what was removed. */
  clean(): Promise<readonly Asset[]>;
  /** Calls back on every state change and when a domain is refused something; the result unsubscribes. */
  onEvent(listener: (event: DomainEvent) => void): () => void;
  /** Facts of the host and the driver, for `version` and `nodeinfo`. */
  host(): Promise<Readonly<Record<string, string | number | boolean>>>;
  /** The host's own links: bridges for containers among them. */
  links(): Promise<readonly LinkAddresses[]>;
  /** Stops watching; containers go on. */
  close(): Promise<void>;
}
