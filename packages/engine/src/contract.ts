// The engine as its frontends see it: one method per operation, plain data in and out.
// SPDX-License-Identifier: Apache-2.0
import type { Duplex, Readable } from 'node:stream';
import type {
  AdoptedRoot,
  AdoptionCandidate,
  AdoptRequest,
  AdoptResult,
  ArchiveNames,
  ArchivePlaces,
  Asset,
  AssetReport,
  AutostartChange,
  Backup,
  BackupChecked,
  BackupCheckRequest,
  BackupInit,
  BackupInitRequest,
  BackupRepository,
  BackupRequest,
  BackupStatus,
  BackupTaken,
  BeancounterReport,
  BuildRequest,
  ChangedFile,
  ConsoleLog,
  ConsoleRequest,
  CopiedDomain,
  CreateRequest,
  CreateResult,
  DefineResult,
  DeliveryReport,
  DomainArchive,
  DomainBackupRequest,
  DomainEvent,
  DomainInfo,
  DomainNow,
  DomainProcess,
  DomainSettings,
  DomainSummary,
  DomainUsage,
  EventGap,
  ExecRequest,
  ExpectedArchive,
  ExportFormat,
  FilterBinding,
  FilterDefineResult,
  FilterSummary,
  ForgetRequest,
  Forgotten,
  ForwardChange,
  ForwardResult,
  ForwardRow,
  GuaranteeReport,
  History,
  HostFacts,
  ImportRequest,
  Job,
  KeptRoot,
  LifeEntry,
  MountedRoot,
  MoveAnswer,
  MoveOffer,
  MoveQuestion,
  MoveReport,
  MoveRequest,
  MoveStream,
  NetworkDefineResult,
  NetworkEvent,
  NetworkLease,
  NetworkSummary,
  OwnerLimits,
  ParameterRow,
  Profile,
  ProfileFit,
  Progress,
  PullRequest,
  PushRequest,
  QuotaReport,
  Restored,
  RestoreRequest,
  RootMount,
  SetResult,
  Snapshot,
  SnapshotDelete,
  SnapshotRequest,
  SnapshotRevert,
  Template,
  TemplateExport,
  TrafficReport,
  Validation,
  WaitRequest,
  WhatIfReport,
  WhatIfRequest,
} from '@ctvirt/api';
import type { Domain, Network } from '@ctvirt/xml';
import type {
  DomainCounters,
  FileSize,
  FolderPool,
  HostOverview,
  HostPromises,
  LayerFile,
  LinkAddresses,
  NewVolume,
  PoolPermissions,
  VolumeFile,
  VolumeRange,
} from './view.js';

/** A domain by UUID, name or id of its run, looked up in this order; no id is another domain's name or CTID. */
export type DomainRef = string;

/** A domain by exactly one of its names; unlike a DomainRef it cannot mean another one. */
export type DomainKey = { readonly id: number } | { readonly name: string } | { readonly uuid: string };

/** A network by UUID or name, looked up in this order. */
export type NetworkRef = string;

/** A network filter by UUID or name, looked up in this order. */
export type FilterRef = string;

/** Called with how far a long operation is. */
export type OnProgress = (progress: Progress) => void;

/** What a long operation gets besides its request: whom to tell how far it is, and when to end. */
export interface Watched {
  readonly onProgress?: OnProgress;
  readonly signal?: AbortSignal;
}

/** Of which moment a domain is meant: as a snapshot of it has it, or as it is now. */
export interface OfSnapshot {
  readonly snapshot?: string | undefined;
}

/** What happened before; with a gap, not all of it is known any more, and nothing is told. */
export interface PastEvents<E> {
  readonly events: readonly E[];
  readonly gap?: EventGap;
}

/** What of a domain an archive has. */
export interface Archiving extends OfSnapshot {
  /** Whether its templates are in it, too. */
  readonly withTemplate?: boolean | undefined;
  /** Whether folders of the host are, which it has at places of its own. */
  readonly withMounts?: boolean | undefined;
}

/** Which series, between which times, in how many points at most. */
export interface HistoryQuery {
  /** Names with commas between them; all if absent. */
  readonly series?: string | undefined;
  /** RFC 3339; an hour before the end if absent. */
  readonly from?: string | undefined;
  /** Now if absent. */
  readonly to?: string | undefined;
  readonly points?: number | undefined;
}

/** Who asks for a snapshot, if not somebody. */
export interface SnapshotOrigin {
  readonly by?: 'schedule';
}

/** Signals that reach the programs of a session. */
export const passedSignals = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGUSR1', 'SIGUSR2'] as const;
/** One of `passedSignals`. */
export type PassedSignal = (typeof passedSignals)[number];

/**
 * A program started inside a container. With a terminal, `stdout` carries both streams and `stderr` stays empty. Its output ends with
 * it: what it left behind runs on, and nobody reads what that writes.
 */
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

/** What is to be put into a container's tree, or taken out. */
export type Transfer = (
  | ({ readonly kind: 'push' } & PushRequest)
  | ({ readonly kind: 'pull' } & PullRequest)
) & {
  /** A descriptor of ours for the bytes of one file, in place of the session's stream. */
  readonly file?: number | undefined;
};

/** A container's /dev/console, as those have it who sit before it. */
export interface ConsoleStream {
  readonly stream: Duplex;
  resize(columns: number, rows: number): void;
}

/** How a network's document is taken. */
export interface NetworkDefineOptions {
  /** What is only doubtful is refused, too. */
  readonly strict?: boolean;
  /** Looks at the document that was read, and throws what forbids it. */
  readonly permit?: (network: Network) => void;
  /** Only if the one that is defined by that name has one of these. */
  readonly tags?: readonly string[] | undefined;
}

/** Another host's engine, as one that gives a domain away reaches it; what fails there is an `EngineError` here. */
export interface MoveTarget {
  ask(question: MoveQuestion): Promise<MoveAnswer>;
  /** Resolves when all of it is unpacked there. */
  send(what: MoveStream, bytes: Readable): Promise<void>;
  close(): Promise<void>;
}

/** A domain that is about to go: it has no other turn and no other job until it goes or stays. */
export interface Leaving {
  /** What the other host is asked about. */
  readonly offer: MoveOffer;
  /** Moves it, as `move` does. */
  go(to: string): Promise<MoveReport>;
  /** It stays; once it was given away that changes nothing. */
  stay(): void;
}

/** How another host's engine is reached. */
export type Reach = (uri: string) => Promise<MoveTarget>;

/** All operations on domains; every failure is an `EngineError`. */
export interface Engine {
  list(): readonly DomainSummary[];
  summary(ref: DomainRef): DomainSummary;
  /** The domain of this key, if there is one. */
  find(key: DomainKey): DomainSummary | undefined;
  info(ref: DomainRef): Promise<DomainInfo>;
  /** The few numbers of `info` that say who uses the host, of all domains, one after the other; only those that run, or only others. */
  eachUsage(options?: { readonly active?: boolean | undefined }): AsyncIterable<DomainUsage>;
  /** Processes of one running domain, or of all; only the one of a host's pid, `not-found` where that is no domain's. */
  processes(options?: {
    readonly domain?: DomainRef;
    readonly pid?: number;
  }): Promise<readonly DomainProcess[]>;
  /** What it wrote to its console in its present or last run, or the one before: the last 64 KiB of it. */
  consoleLog(ref: DomainRef, run?: ConsoleLog['run']): ConsoleLog;
  /** The domain's XML; of a running domain with its id and live addresses unless `inactive`. */
  xml(ref: DomainRef, options?: { inactive?: boolean }): Promise<string>;

  /** The same, parsed: shared with others, not to be changed. */
  document(ref: DomainRef, options?: { inactive?: boolean }): Promise<Domain>;
  /**
   * Changes the document by a pure function, which is told whose it is: the stored one, the running one, or both. Of a running
   * domain limits and network interfaces change with it; other devices stay what they are, and are refused.
   */
  amend(
    ref: DomainRef,
    targets: { readonly live: boolean; readonly stored: boolean },
    edit: (domain: Domain, of: 'live' | 'stored') => Domain,
  ): Promise<void>;
  /** Every resource parameter the document names, in OpenVZ's spelling, and what becomes of each on this host. */
  parameters(ref: DomainRef, options?: { inactive?: boolean }): Promise<readonly ParameterRow[]>;
  /**
   * Sets parameters by OpenVZ's names, in vzctl's spelling, in the running domain, the stored document, or both; of neither
   * asked for, in the running one if it runs. Returns those that were set. Throws `invalid` for a name or value that cannot be,
   * and as `amend` does.
   */
  setParameters(
    ref: DomainRef,
    values: Readonly<Record<string, string>>,
    targets: { readonly live: boolean; readonly stored: boolean },
  ): Promise<readonly ParameterRow[]>;
  /** Changes what can be said in words, as `setParameters` does parameters; all of it or nothing. */
  set(
    ref: DomainRef,
    settings: DomainSettings,
    targets: { readonly live: boolean; readonly stored: boolean },
  ): Promise<SetResult>;
  /** OpenVZ's accounting of a domain; of one that is off only what it may have. */
  beancounters(ref: DomainRef): Promise<BeancounterReport>;
  /** The same of all that run. */
  allBeancounters(): Promise<readonly BeancounterReport[]>;
  /** What the domain's file systems hold, may hold, and for how long more than that. */
  quota(ref: DomainRef): Promise<QuotaReport>;
  /**
   * What passed the links of each domain in a month, by days in UTC: the running month and all domains if not said otherwise, those that
   * are gone included. Throws `not-found` for a domain that is not there and that nothing is known of, `invalid` for what is no month.
   */
  traffic(options?: {
    readonly domain?: DomainRef;
    readonly month?: string;
  }): Promise<readonly TrafficReport[]>;
  /** Limits one user or group of the domain on its root, as `setParameters` does the domain. */
  setOwnerQuota(
    ref: DomainRef,
    values: OwnerLimits,
    targets: { readonly live: boolean; readonly stored: boolean },
  ): Promise<QuotaReport>;
  /** Ports of the host that lead to the domain; of one that runs as it runs. */
  forwards(ref: DomainRef, options?: { inactive?: boolean }): Promise<readonly ForwardRow[]>;
  /** The same of all that have some. */
  allForwards(): Promise<readonly ForwardRow[]>;
  /** Adds or removes ports, all of them or none, as `setParameters` sets parameters. Throws `exists` for one that another domain has. */
  changeForwards(
    ref: DomainRef,
    change: Pick<ForwardChange, 'action' | 'forwards' | 'network'>,
    targets: { readonly live: boolean; readonly stored: boolean },
  ): Promise<ForwardResult>;
  /** What a running domain has used; throws `wrong-state` if it is off. */
  counters(ref: DomainRef): DomainCounters;
  /** The links a running domain has inside, with their present addresses. */
  addresses(ref: DomainRef): Promise<readonly LinkAddresses[]>;
  /** A password of a user, or its hash: set inside if it runs, else before its next start. */
  setPassword(
    ref: DomainRef,
    secret: { readonly user: string; readonly password: string; readonly isHash?: boolean },
  ): Promise<void>;
  /** What a user of a running domain logs in with by SSH. */
  sshKeys(ref: DomainRef, user: string): Promise<readonly string[]>;
  setSshKeys(
    ref: DomainRef,
    user: string,
    change: { readonly keys: readonly string[]; readonly how: 'add' | 'remove' | 'replace' },
  ): Promise<void>;
  /** Sends a signal by number to a process of a running domain, by the pid it has there. */
  signal(ref: DomainRef, pid: number, signal: number): void;

  /** A document without a UUID is that of the domain of its name, if there is one; with `uuidDecides` it is a new domain's. */
  define(xml: string, options?: { strict?: boolean; uuidDecides?: boolean }): Promise<DefineResult>;
  /**
   * Gives a domain another document, which has its name. With `tags` only if the stored one has one of them, by `documentTag`:
   * throws `changed`, with when and by whom, if it has not.
   */
  redefine(
    ref: DomainRef,
    xml: string,
    options?: { strict?: boolean; tags?: readonly string[] | undefined },
  ): Promise<DefineResult>;
  /** What `define` would say of a document; nothing is made, and no hook is asked. */
  validate(xml: string, options?: { strict?: boolean }): Promise<Validation>;
  /** Defines a new domain by words instead of a document; with `dryRun` it only answers the document. Throws `exists` for a name that is taken. */
  defineFrom(request: CreateRequest, options?: { dryRun?: boolean }): Promise<CreateResult>;
  /** Defines a container of another system on its own files, where they lie; nothing of them is changed. */
  adopt(request: AdoptRequest, options?: { readonly dryRun?: boolean }): Promise<AdoptResult>;
  /** Containers of other systems, in the places where those keep them on a host whose root is `below`, this one's if absent. */
  candidates(options?: { readonly below?: string }): Promise<readonly AdoptionCandidate[]>;
  /** Starts a transient domain: it is gone, root included, when it stops. */
  create(xml: string, options?: { strict?: boolean }): Promise<DefineResult>;
  /** With `rescue` a shell runs in the place of its init, until that ends: nothing of its definition or its files changes. */
  start(ref: DomainRef, options?: { rescue?: boolean }): Promise<DomainSummary>;
  /** Asks init to power off; resolves when it was asked, or with `waitMs` when it is off. */
  shutdown(ref: DomainRef, options?: { waitMs?: number }): Promise<DomainSummary>;
  reboot(ref: DomainRef, options?: { waitMs?: number }): Promise<DomainSummary>;
  destroy(ref: DomainRef): Promise<DomainSummary>;
  /** Resolves at once if it is what is waited for; rejects with `timeout`, and `not-found` if it is undefined meanwhile. */
  wait(ref: DomainRef, request: WaitRequest, gone?: AbortSignal): Promise<DomainSummary>;
  suspend(ref: DomainRef): Promise<DomainSummary>;
  /**
   * Lets nothing be written to the file systems of one that runs, or to those that are mounted there, until `thaw`, its end, or for two minutes:
   * of what lies on the host's own its programs stand still. Returns how many they are.
   */
  freeze(ref: DomainRef, targets?: readonly string[]): Promise<number>;
  /** Returns how many were held; throws `timeout` where they were let go before. */
  thaw(ref: DomainRef): Promise<number>;
  /** Gives the host back the blocks that nothing needs in file systems of one that runs; throws `unsupported` where they are the host's. */
  trim(ref: DomainRef, options?: { readonly target?: string; readonly leastBytes?: number }): Promise<void>;
  resume(ref: DomainRef): Promise<DomainSummary>;
  /** Without `storage` its files are kept: see `roots`. */
  undefine(ref: DomainRef, options?: { storage?: boolean }): Promise<void>;
  /** Of a domain that is off; all that it has goes along. */
  rename(ref: DomainRef, name: string): Promise<DomainSummary>;
  /** What is not named of it stays as it is; `null` takes an order or a delay away. */
  setAutostart(ref: DomainRef, change: AutostartChange): Promise<DomainSummary>;

  /** The roots that are mounted on the host. */
  rootMounts(): Promise<readonly MountedRoot[]>;
  /** Shows the root of a domain that is off to the host; it cannot be started meanwhile. Returns where, also if it was there already. */
  mountRoot(ref: DomainRef): Promise<RootMount>;
  /** Takes it away again; throws `in-use` while a program of the host is in there. */
  unmountRoot(ref: DomainRef): Promise<void>;
  /** Writes the root of a domain that is off as an image, to a file of the host that is not there yet; it cannot be started meanwhile. */
  exportRoot(ref: DomainRef, target: string, options?: ExportFormat & Watched): Promise<TemplateExport>;

  exec(ref: DomainRef, request: ExecRequest): Promise<ExecSession>;
  /** Puts a file or an archive into the domain's tree, whether it runs or not; one that is off cannot start meanwhile. */
  push(ref: DomainRef, request: PushRequest, file?: number): Promise<ExecSession>;
  /** Takes a file or a tree out of it, as an archive; the bytes of a file to an open one of ours, if there is one. */
  pull(ref: DomainRef, request: PullRequest, file?: number): Promise<ExecSession>;
  /** The container's /dev/console, which one has at a time: throws `in-use` with who has it. Closing the stream detaches. */
  console(
    ref: DomainRef,
    options?: ConsoleRequest & { /** Who asks, in words for others. */ readonly by?: string },
  ): Promise<ConsoleStream>;

  templates: {
    list(): Promise<readonly Template[]>;
    get(name: string): Promise<Template>;
    import(
      name: string,
      source: string | Readable,
      options?: ExpectedArchive & ImportRequest & Watched,
    ): Promise<Template>;
    buildDebian(
      name: string,
      options?: Omit<BuildRequest, 'distribution'> & {
        distribution?: Exclude<BuildRequest['distribution'], 'busybox'>;
      } & Watched,
    ): Promise<Template>;
    buildBusybox(name: string): Promise<Template>;
    /** Made again of what it was made of: with `as` beside it, else in its place. One that domains use is kept as `NAME~1`, theirs. */
    update(name: string, options?: { as?: string } & Watched): Promise<Template>;
    /** Writes it as an image, to a file of the host that is not there yet. */
    export(name: string, target: string, options?: ExportFormat & Watched): Promise<TemplateExport>;
    /** The same under another name; domains of both can be imported from archives of either. */
    copy(name: string, to: string, options?: Pick<Watched, 'signal'>): Promise<Template>;
    /** Throws `in-use` where domains use it: their documents name it. */
    rename(name: string, to: string): Promise<Template>;
    remove(name: string): Promise<void>;
  };
  /** Long operations; a domain has one at a time. */
  jobs: {
    /** Those under way, then the last that have ended, the newest first. */
    list(): readonly Job[];
    /** By its id; throws `not-found`. */
    show(id: string): Job;
    /** Tells it to end; throws `wrong-state` if it has. */
    cancel(id: string): Job;
    /** Calls back when one begins, gets on or ends; the result unsubscribes. */
    watch(listener: (job: Job) => void): () => void;
    /** The one of a domain that is under way. */
    get(ref: DomainRef): Job | undefined;
    /** Its last one that has ended. */
    last(ref: DomainRef): Job | undefined;
    /** Tells the one that is under way to end; throws `wrong-state` if there is none. */
    abort(ref: DomainRef): Job;
  };
  /** Files of domains that are gone. A domain gets them when one of its UUID is defined, or is given them here. */
  roots: {
    list(): readonly KeptRoot[];
    /** The domain's own is kept from now on, and answered. Throws `exists` for one that its document does not fit. */
    adopt(root: string, ref: DomainRef): Promise<AdoptedRoot>;
    /** Returns what was erased. */
    erase(root: string): Promise<KeptRoot>;
  };

  /** What a domain's own files and its document were at a moment; throws `not-found` for one that is not there. */
  snapshots: {
    /** The oldest first. */
    list(ref: DomainRef): readonly Snapshot[];
    get(ref: DomainRef, name: string): Snapshot;
    /** How many bytes it takes on the disk, shared ones included; looks through all of its files where they lie in a folder. */
    occupied(ref: DomainRef, name: string): Promise<number>;
    /** The one that the domain was last taken or reverted to, if it is there still. */
    current(ref: DomainRef): Snapshot | undefined;
    /** The domain's document as it was then. */
    xml(ref: DomainRef, name: string): Promise<string>;
    /** Of a domain that runs, too, whose programs cannot write meanwhile; `unsupported` where its root is none of its own files. */
    create(ref: DomainRef, request?: SnapshotRequest & SnapshotOrigin, watched?: Watched): Promise<Snapshot>;
    /** Ends the domain and gives it the files and the document of then; what it was before is kept as a snapshot until its next start. */
    revert(ref: DomainRef, name: string, how?: SnapshotRevert, watched?: Watched): Promise<DomainSummary>;
    /** Returns those that were deleted; children of one that is deleted alone become its parent's. */
    delete(ref: DomainRef, name: string, how?: SnapshotDelete): Promise<readonly Snapshot[]>;
    describe(ref: DomainRef, name: string, description: string | null): Promise<Snapshot>;
    /** What was changed since, or from this one to another. */
    diff(
      ref: DomainRef,
      name: string,
      options?: {
        /** Another snapshot, in the place of what the domain is now. */
        readonly against?: string;
      },
    ): Promise<readonly ChangedFile[]>;
  };

  /** Whole domains as archives, and copies of them. */
  archives: {
    /**
     * Writes a domain to a file of the host that is not there yet: one that is off cannot be started meanwhile, of one that runs
     * a copy is written that is made for that.
     */
    write(ref: DomainRef, target: string, options?: Archiving & Watched): Promise<DomainArchive>;
    /** The same on stdout; remarks are on stderr. Status 1 where it has something of its host, 2 where the archive has no end. */
    stream(ref: DomainRef, options?: Archiving): Promise<ExecSession>;
    /** Defines the domain of an archive: a file of the host, or its bytes. What is taken is refused before anything is written. */
    import(source: string | Readable, names?: ArchiveNames & ArchivePlaces & Watched): Promise<CopiedDomain>;
    /** Makes another domain with the files of one, an identity of its own, and no addresses. */
    clone(ref: DomainRef, name: string, options?: OfSnapshot & Watched): Promise<CopiedDomain>;
  };

  /** What lies above templates, of domains and of files that outlived one. */
  layers: {
    list(): readonly LayerFile[];
    /** Of one by its path; looks through all of it where it is a folder. */
    size(path: string): Promise<FileSize>;
  };

  /** Folders of the host that clients know as storage pools, among them the daemon's own of archives; each by its name. */
  pools: {
    list(): readonly FolderPool[];
    /** Of one that is not there; with `transient` it is active at once, and gone when it is stopped. `build` makes its folder before. */
    define(
      pool: {
        readonly name: string;
        readonly uuid?: string | undefined;
        readonly path: string;
        /** Of its folder, when it is built. */
        readonly permissions?: PoolPermissions | undefined;
      },
      options?: { readonly transient?: boolean; readonly build?: boolean },
    ): Promise<FolderPool>;
    /** Makes its folder, in one that is there. */
    build(name: string): Promise<void>;
    /** Of the folder of one that is active. */
    permissions(name: string): Required<PoolPermissions>;
    /** Throws `not-found` where there is no such folder. */
    start(name: string): Promise<void>;
    stop(name: string): Promise<void>;
    /** Of one that is stopped; what is in it stays. */
    undefine(name: string): Promise<void>;
    /** Removes its folder, in which nothing is. */
    erase(name: string): Promise<void>;
    setAutostart(name: string, autostart: boolean): Promise<void>;
    /** What is in one that is active. */
    volumes(name: string): readonly VolumeFile[];
    /** One of these, however many there are. */
    volume(name: string, volume: string): VolumeFile | undefined;
    /** Where a file comes to lie that somebody else writes; throws where its name is none, or taken. */
    placeFor(name: string, volume: string): string;
    make(name: string, volume: NewVolume): Promise<void>;
    remove(name: string, volume: string): Promise<void>;
    /** Of a file that is no archive. */
    resize(name: string, volume: string, capacity: number): Promise<void>;
    read(name: string, volume: string, range: VolumeRange): Readable;
    /** Into a file that is there: an archive is there whole then, or as it was. Throws `in-use` where somebody else writes to it. */
    write(name: string, volume: string, range: VolumeRange, bytes: AsyncIterable<Buffer>): Promise<void>;
    /** A copy of a file by a name that is free. */
    copy(
      name: string,
      from: { readonly pool: string; readonly volume: string },
      volume: string,
    ): Promise<void>;
  };

  /** Domains that go to other hosts, and come from them. */
  moves: {
    /** Answers when it is there; what fails before it was given away leaves it here, and running if it ran. */
    move(ref: DomainRef, to: string, options?: Omit<MoveRequest, 'to'> & Watched): Promise<MoveReport>;
    /** The first step of a move whose other steps somebody else asks for; the signal's end is that of one which has not gone. */
    begin(ref: DomainRef, options?: Pick<MoveRequest, 'bytesPerSecond'> & Watched): Promise<Leaving>;
    /** Of a move under way: shuts it down now, and sends what is left then. Returns whether there is one. */
    hasten(ref: DomainRef): boolean;
    /** Of a move whose other end will not answer any more: says who has the domain from now on. */
    resolve(ref: DomainRef, keeper: 'here' | 'there'): Promise<void>;
    /** What another engine asks that gives a domain to this one. */
    answer(question: MoveQuestion): Promise<MoveAnswer>;
    /** Unpacks what it sends: a template, or files of one file system. */
    receive(what: MoveStream, bytes: Readable): Promise<void>;
  };

  /** Domains as they were, in the repositories that ctvirtd.conf names. */
  backups: {
    repositories(): readonly BackupRepository[];
    /** Makes a repository, and a password where there is none; `again` where there was one, with backups that are not to be found. */
    init(request: BackupInitRequest): Promise<BackupInit>;
    /** Oldest first, those of domains that are gone included. */
    list(options?: {
      readonly repository?: string | undefined;
      readonly domain?: string | undefined;
    }): Promise<readonly Backup[]>;
    /** Backs up a domain: one that is off cannot be started meanwhile, of one that runs a copy is read that is made for that. */
    create(ref: DomainRef, request: DomainBackupRequest, watched?: Watched): Promise<BackupTaken>;
    /** Of one or all that there are; looks into no repository. */
    status(ref?: DomainRef): Promise<readonly BackupStatus[]>;
    /**
     * A domain that is off gets the files that it had, and what it had before is kept; one that is gone is defined again. With a
     * path only that of it comes back, and with `to` all goes to a folder of the host.
     */
    restore(request: RestoreRequest, watched?: Watched): Promise<Restored>;
    /** Restores a sample of the last backup of each domain and compares it. */
    check(request: BackupCheckRequest, watched?: Watched): Promise<readonly BackupChecked[]>;
    /** Removes those that are not to be kept; throws `invalid` where nothing would be. */
    forget(request: ForgetRequest, watched?: Watched): Promise<Forgotten>;
    /** Gives back the room of what no backup needs any more. */
    prune(request: BackupRequest, watched?: Watched): Promise<BackupRepository>;
  };

  profiles: {
    list(): Promise<readonly Profile[]>;
    get(name: string): Promise<Profile>;
  };

  networks: {
    list(): readonly NetworkSummary[];
    get(ref: NetworkRef): NetworkSummary;
    /** The network of this key, if there is one. */
    find(key: { readonly name: string } | { readonly uuid: string }): NetworkSummary | undefined;
    /** Its XML; of one that runs as it runs unless `inactive`. */
    xml(ref: NetworkRef, options?: { inactive?: boolean }): Promise<string>;
    /** The same, read. */
    document(ref: NetworkRef, options?: { inactive?: boolean }): Network;
    /** A document without a UUID is that of the network of its name, if there is one. One that runs goes on as it is until it is started again. */
    define(xml: string, options?: NetworkDefineOptions): Promise<NetworkDefineResult>;
    /** Starts a network that is gone when it is stopped. */
    create(xml: string, options?: NetworkDefineOptions): Promise<NetworkDefineResult>;
    start(ref: NetworkRef): Promise<NetworkSummary>;
    /** Links of running domains stay, and are plugged in again when it starts. */
    stop(ref: NetworkRef): Promise<NetworkSummary>;
    /** Throws `in-use` with the domains that run on it. */
    undefine(ref: NetworkRef): Promise<void>;
    setAutostart(ref: NetworkRef, autostart: boolean): Promise<NetworkSummary>;
    /** Changes the document by a pure function: the stored one, the running one, or both; members are not disturbed. */
    amend(
      ref: NetworkRef,
      targets: { readonly live: boolean; readonly stored: boolean },
      edit: (network: Network) => Network,
    ): Promise<NetworkSummary>;
    /** Names of the running domains with an interface on it. */
    users(ref: NetworkRef): readonly string[];
    /** Who has which address: what is kept for domains that run, and what others were given. */
    leases(ref: NetworkRef): Promise<readonly NetworkLease[]>;
    /** Calls back on every change of state; the result unsubscribes. */
    onEvent(listener: (event: NetworkEvent) => void): () => void;
    pastEvents(since?: number): PastEvents<NetworkEvent>;
  };

  filters: {
    list(): readonly FilterSummary[];
    get(ref: FilterRef): FilterSummary;
    /** The filter of this key, if there is one. */
    find(key: { readonly name: string } | { readonly uuid: string }): FilterSummary | undefined;
    xml(ref: FilterRef): string;
    /** A document without a UUID is that of the filter of its name, if there is one. What runs with it has its rules at once, or nothing is changed. */
    define(
      xml: string,
      options?: { strict?: boolean; tags?: readonly string[] | undefined },
    ): Promise<FilterDefineResult>;
    /** Throws `in-use` with the filters and domains that name it. */
    undefine(ref: FilterRef): Promise<void>;
    /** Links of running domains that have one. */
    bindings(): readonly FilterBinding[];
  };

  /** What looks at running domains found, every ten seconds: the last ones, and those of the past. */
  history: {
    /** Of all that run, in few numbers, with the limits that were met: nothing is read for it, and nobody is waited for. */
    now(): readonly DomainNow[];
    /** Calls back after each round; the result unsubscribes. */
    onLook(listener: () => void): () => void;
    /** What a domain used over time, whether it runs or not; throws `invalid` for what is no time or no series. */
    of(ref: DomainRef, query?: HistoryQuery): History;
    /** The sum of all. */
    ofHost(query?: HistoryQuery): History;
  };

  /** What happened to a domain, the oldest first, over daemons; throws `invalid` for what is no time. */
  life(
    ref: DomainRef,
    query?: { readonly since?: string | undefined; readonly last?: number | undefined },
  ): readonly LifeEntry[];

  /** The host's ledger of promises; with a profile, how many more domains of it could be kept to theirs. */
  guarantees(options?: { profile?: string }): Promise<GuaranteeReport>;
  /** How many more domains of each profile fit, by one look at the ledger. */
  profileFits(): Promise<readonly ProfileFit[]>;
  /** The ledger with so many more domains of a document or a profile beside those that run; none is made. */
  whatIf(request: WhatIfRequest): Promise<WhatIfReport>;
  /** What each running domain, or one of them, was promised and given over the last minutes, five if not said otherwise. */
  deliveries(options?: {
    readonly domain?: DomainRef | undefined;
    readonly minutes?: number | undefined;
  }): Promise<readonly DeliveryReport[]>;
  /** The ledger and whether promises were kept, as the last looks found it: nothing is read of a run for it. */
  promises(): Promise<HostPromises>;

  /** All that is known of the host and its domains without a look at any of them: it waits for none, and lets others have their turn. */
  overview(): Promise<HostOverview>;

  /** What the host holds of ours, each with its owner; `stray` ones have none. */
  check(): Promise<AssetReport>;
  /** Returns the strays to the host; returns what was removed. */
  clean(): Promise<readonly Asset[]>;
  /** Calls back on every state change and when a domain is refused something; the result unsubscribes. */
  onEvent(listener: (event: DomainEvent) => void): () => void;
  /** The last events, or those after the one of that number. */
  pastEvents(since?: number): PastEvents<DomainEvent>;
  /** Facts of the host and the driver, for `version` and `nodeinfo`. */
  host(): Promise<HostFacts>;
  /** The host's own links: bridges for containers among them. */
  links(): Promise<readonly LinkAddresses[]>;
  /** Stops watching; containers go on. */
  close(): Promise<void>;
}
