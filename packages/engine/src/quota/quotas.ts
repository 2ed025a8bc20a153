// First-level quotas of what runs: usage against limits, the grace of soft ones, and what refuses when that is over.
// SPDX-License-Identifier: Apache-2.0
import type { DiskUse, FilesystemQuota, QuotaLine, QuotaReport } from '@ctvirt/api';
import { graceSecondsOf } from '@ctvirt/formats';
import type { Domain } from '@ctvirt/xml';
import type { Run, Subject } from '../drivers/driver.js';
import { EngineError, isFault } from '../errors.js';
import { PrivateMounts } from '../host/private-mounts.js';
import type { OwnerKind } from '../host/quota.js';
import type { IdMap } from '../host/userns.js';
import { filesystemsOf, idMapOf } from '../lifecycle/document.js';
import type { Entry } from '../registry/registry.js';
import type { KeyedQueue } from '../state/queue.js';
import {
  backends,
  type DiskLimit,
  type FilesystemSpec,
  type Keeping,
  type KeptContext,
  type OwnerLimit,
  type SoftAndHard,
  type Usage,
} from '../storage/index.js';
import { type Standing, standingOf } from './grace.js';
import { limitsAtStart, readSince, type Since, writeSince } from './grace-file.js';
import { Measured } from './measured.js';
import { limitOwners, obstacleTo, ownersIn } from './owners.js';

/** Dependencies of `Quotas`. */
export interface QuotaParts {
  readonly queue: KeyedQueue;
  readonly entries: () => Iterable<Entry>;
  readonly document: (entry: Entry) => Promise<Domain>;
  readonly kept: (entry: Subject) => KeptContext;
  /** Where mounts of a moment go. */
  readonly mounts: string;
  readonly log: (level: 'info' | 'warn' | 'error', message: string, fields: Record<string, unknown>) => void;
}

/** Grace is counted in days. */
const LOOK_MS = 60_000;

type What = 'space' | 'inodes';

/** A file system with what it holds and how that stands against its soft limits. */
interface Looked {
  readonly spec: FilesystemSpec;
  readonly keeping: Keeping;
  readonly usage: Usage | undefined;
  readonly standing: Readonly<Record<What, Standing>>;
}

/** Checks running domains every minute, and after each change. */
export class Quotas {
  /** Of each run, by file system: the limit on space that holds, where a look or a change has set one. */
  readonly #inForce = new WeakMap<Run, Map<string, number>>();
  readonly #measured = new Measured();
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly parts: QuotaParts) {}

  open(): void {
    this.#timer = setInterval(() => {
      for (const entry of this.parts.entries()) if (entry.running !== undefined) this.lookLater(entry);
    }, LOOK_MS).unref();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  /** When it is the domain's turn. */
  lookLater(entry: Entry): void {
    const { queue, log } = this.parts;
    const { name } = entry.record;
    queue
      .run(name, async () => {
        if (entry.running !== undefined) await this.#look(entry, await this.parts.document(entry));
      })
      .catch((error: unknown) => {
        // One that has ended meanwhile writes no more.
        if (!isFault(error, 'wrong-state'))
          log('error', `quota of domain '${name}': ${String(error)}`, { domain: name });
      });
  }

  /** In a turn of the domain's queue, or beside it: then nothing comes of what is seen. */
  async report(entry: Entry, { beside = false } = {}): Promise<QuotaReport> {
    const domain = await this.parts.document(entry);
    const usage = (spec: FilesystemSpec): Promise<Usage | undefined> => this.#usageNow(entry, spec);
    const looked = beside
      ? (await this.#seen(entry, domain, { specs: filesystemsOf(domain), usage })).looked
      : await this.#look(entry, domain, { all: true });
    const filesystems: FilesystemQuota[] = [];
    for (const one of looked) {
      const quota = quotaOf(one, idMapOf(domain, entry.record));
      const used = quota.space.used ?? (await this.#measuredBytes(entry, one.spec));
      filesystems.push({ ...quota, space: { ...quota.space, used } });
    }
    return { name: entry.record.name, graceSeconds: graceSecondsOf(domain), filesystems };
  }

  async atStart(
    subject: Subject,
    graceSeconds: number,
  ): Promise<(spec: FilesystemSpec) => DiskLimit | undefined> {
    return await limitsAtStart(this.parts.kept(subject).keep, graceSeconds);
  }

  /**
   * What the root holds and may hold, at any time; null of what nothing counts or limits. A file system of its own has no room for
   * all that its limit says. What nobody counts is looked through for who has asked, `isAsked`, where that was not done just now.
   */
  async root(entry: Entry, domain: Domain, { isAsked = false } = {}): Promise<DiskUse> {
    const spec = filesystemsOf(domain).find(({ target }) => target === '/');
    const usage = spec && (await this.#usageNow(entry, spec));
    const isMeasured = isAsked && spec !== undefined && usage === undefined;
    return {
      usedBytes: usage?.bytes ?? (isMeasured ? await this.#measuredBytes(entry, spec) : null),
      limitBytes: least(spec?.limit?.bytes, usage?.room?.bytes),
      usedInodes: usage?.inodes ?? null,
      limitInodes: least(spec?.limit?.inodes, usage?.room?.inodes),
    };
  }

  /** Why nobody counts what the root holds, so that history and metrics, which look through nothing, do not tell it. */
  uncounted(entry: Entry, domain: Domain): string | undefined {
    const spec = filesystemsOf(domain).find(({ target }) => target === '/');
    if (spec === undefined) return undefined;
    const { limits, keeping } = backends[spec.kind];
    const { how, isWhole, tells } = keeping(spec, this.parts.kept(entry));
    if (isWhole || tells !== undefined) return undefined;
    return `nobody counts what its root holds, ${how}${limits ? '; with a limit on space it is counted' : ''}`;
  }

  /** What a root holds that nobody counts, as far as that is known; null of all else. */
  async #measuredBytes(entry: Entry, spec: FilesystemSpec): Promise<number | null> {
    const measure = spec.target === '/' ? this.#measureOf(entry, spec) : undefined;
    return measure === undefined ? null : ((await this.#measured.of(entry, measure)) ?? null);
  }

  #measureOf(entry: Entry, spec: FilesystemSpec): (() => Promise<number>) | undefined {
    try {
      return backends[spec.kind].keeping(spec, this.parts.kept(entry)).measure;
    } catch {
      return undefined; // it has just gone
    }
  }

  /** Outside its turn a domain may start, end or be erased meanwhile: then nothing tells. */
  async #usageNow(entry: Entry, spec: FilesystemSpec): Promise<Usage | undefined> {
    try {
      return await this.#usage(entry, spec, backends[spec.kind].keeping(spec, this.parts.kept(entry)));
    } catch (error) {
      this.parts.log(
        'info',
        `domain '${entry.record.name}': what '${spec.target}' holds cannot be told: ${String(error)}`,
        {
          domain: entry.record.name,
        },
      );
      return undefined;
    }
  }

  /**
   * In a turn of the domain's queue: changes the limit of an open file system to that of `spec`. One that is put back is had as far
   * as it can be now, and the log says once what is not.
   */
  async relimit(entry: Subject, spec: FilesystemSpec, { isBack = false } = {}): Promise<void> {
    const { running, record } = entry;
    const tell = (remarks: readonly string[]): void => {
      for (const remark of remarks)
        this.parts.log('warn', `domain '${record.name}': ${remark}`, { domain: record.name });
    };
    using mounts = PrivateMounts.open(this.parts.mounts);
    const context = { ...this.parts.kept(entry), mounts };
    await backends[spec.kind].relimit?.(spec, { ...context, tell: isBack ? tell : undefined });
    if (running === undefined || spec.limit?.bytes === undefined) return;
    const inForce = this.#inForce.get(running) ?? new Map<string, number>();
    this.#inForce.set(running, inForce.set(spec.key, spec.limit.bytes));
  }

  /** Puts the second level in force, as far as the file system of the layers can. */
  limitOwners(entry: Subject, specs: readonly FilesystemSpec[], map: IdMap): void {
    const { name } = entry.record;
    const limits = specs.flatMap(({ owners }) => owners);
    const keeping = this.#counting(entry, specs);
    const remark = this.ownersRemark(entry, specs);
    if (remark !== undefined) this.parts.log('warn', `domain '${name}': ${remark}`, { domain: name });
    if (keeping.counted !== undefined) limitOwners(keeping.counted, map, limits);
  }

  /** Throws `unsupported` if limits of users would refuse nothing. */
  checkOwners(entry: Subject, specs: readonly FilesystemSpec[]): void {
    const obstacle = this.#obstacle(entry, specs);
    if (obstacle !== undefined)
      throw new EngineError('unsupported', `limits of users cannot be had: ${obstacle}`);
  }

  /** For who defines limits of users that would refuse nothing. */
  ownersRemark(entry: Subject, specs: readonly FilesystemSpec[]): string | undefined {
    const obstacle = this.#obstacle(entry, specs);
    return obstacle === undefined ? undefined : `limits of its users are not enforced: ${obstacle}`;
  }

  #obstacle(entry: Subject, specs: readonly FilesystemSpec[]): string | undefined {
    const limits = specs.flatMap(({ owners }) => owners);
    return limits.length === 0 ? undefined : obstacleTo(kindsOf(limits), this.#counting(entry, specs));
  }

  /** For who sets limits on space: of what holds more already. How many inodes there are nobody changes. */
  async overfull(entry: Entry, specs: readonly FilesystemSpec[]): Promise<string[]> {
    const remarks: string[] = [];
    for (const spec of specs) {
      const limit = backends[spec.kind].limits ? spec.limit?.bytes : undefined;
      const used = limit === undefined ? undefined : (await this.#usageNow(entry, spec))?.bytes;
      if (limit !== undefined && used !== undefined && used > limit)
        remarks.push(
          `the file system at '${spec.target}' holds ${used} bytes already, more than its limit of ${limit}: nothing more can be written until there is less, and a start is refused if its files do not fit`,
        );
    }
    return remarks;
  }

  /** All layers of a domain lie on one file system, which counts them together. */
  #counting(entry: Subject, specs: readonly FilesystemSpec[]): Keeping {
    const all = specs.map((spec) => backends[spec.kind].keeping(spec, this.parts.kept(entry)));
    return all.find(({ counted }) => counted !== undefined) ?? all[0] ?? { how: '', isWhole: false };
  }

  /** In a turn of the domain's queue: those with soft limits, or that had one in this run, or all. */
  async #look(entry: Entry, domain: Domain, { all = false } = {}): Promise<Looked[]> {
    const had = entry.running && this.#inForce.get(entry.running);
    const specs = filesystemsOf(domain).filter(
      ({ key, limit, soft }) => all || (limit && soft) !== undefined || had?.has(key) === true,
    );
    if (specs.length === 0) return [];
    const { looked, before } = await this.#seen(entry, domain, {
      specs,
      usage: (spec, keeping) => this.#usage(entry, spec, keeping),
    });
    const after = sinceOf(looked);
    if (JSON.stringify(after) !== JSON.stringify(before)) {
      await writeSince(this.parts.kept(entry).keep, after);
      this.#tell(entry, looked, before);
    }
    for (const one of looked) await this.#enforce(entry, one);
    return looked;
  }

  /** What they hold, and since when some of them hold too much. */
  async #seen(
    entry: Entry,
    domain: Domain,
    {
      specs,
      usage: usageOf,
    }: {
      readonly specs: readonly FilesystemSpec[];
      readonly usage: (spec: FilesystemSpec, keeping: Keeping) => Promise<Usage | undefined>;
    },
  ): Promise<{ looked: Looked[]; before: Since }> {
    const before = await readSince(this.parts.kept(entry).keep);
    const graceSeconds = graceSecondsOf(domain);
    const looked: Looked[] = [];
    for (const spec of specs) {
      const keeping = backends[spec.kind].keeping(spec, this.parts.kept(entry));
      const usage = await usageOf(spec, keeping);
      const standing = (what: What): Standing => {
        const first = before[`${spec.key}.${what}`];
        const since = first === undefined ? undefined : new Date(first);
        const measure = what === 'space' ? ('bytes' as const) : ('inodes' as const);
        return standingOf(
          { used: usage?.[measure], soft: spec.soft?.[measure] },
          { since, graceSeconds, now: new Date() },
        );
      };
      looked.push({
        spec,
        keeping,
        usage,
        standing: { space: standing('space'), inodes: standing('inodes') },
      });
    }
    return { looked, before };
  }

  async #usage(
    { running }: Entry,
    spec: FilesystemSpec,
    { isWhole, atRest, tells }: Keeping,
  ): Promise<Usage | undefined> {
    if (tells !== undefined) return tells();
    if (!isWhole) return undefined;
    return await (running === undefined ? atRest?.() : running.usage(spec.target));
  }

  /**
   * The soft limit on space when its grace is over, the hard one when it is back below. Which of them a start or an earlier daemon
   * has left in force is not known at the first look.
   */
  async #enforce(entry: Entry, { spec, standing }: Looked): Promise<void> {
    const { running, record } = entry;
    if (running === undefined || spec.limit?.bytes === undefined) return;
    const isOver = standing.space.state === 'expired';
    const bytes = isOver ? (spec.soft?.bytes ?? spec.limit.bytes) : spec.limit.bytes;
    const unlooked = spec.soft?.bytes === undefined ? bytes : undefined;
    if (bytes === (this.#inForce.get(running)?.get(spec.key) ?? unlooked)) return;
    const where = `domain '${record.name}': space of '${spec.target}'`;
    const fields = { domain: record.name };
    try {
      await this.relimit(entry, { ...spec, limit: { ...spec.limit, bytes } });
      if (isOver) this.parts.log('warn', `${where}: the grace is over, nothing more can be written`, fields);
    } catch (error) {
      // Once is enough: nothing changes before the limit does.
      this.#inForce.set(running, new Map([...(this.#inForce.get(running) ?? []), [spec.key, bytes]]));
      this.parts.log('error', `${where}: the soft limit is not enforced: ${String(error)}`, fields);
    }
  }

  #tell(entry: Entry, looked: readonly Looked[], before: Since): void {
    const { name } = entry.record;
    for (const { spec, standing } of looked)
      for (const what of ['space', 'inodes'] as const) {
        const wasOver = before[`${spec.key}.${what}`] !== undefined;
        const { state, ends } = standing[what];
        const where = `domain '${name}': ${what} of '${spec.target}'`;
        if (wasOver && state === 'within')
          this.parts.log('info', `${where}: back below the soft limit`, { domain: name });
        if (!wasOver && state !== 'within')
          this.parts.log('warn', `${where}: above the soft limit, with grace until ${ends?.toISOString()}`, {
            domain: name,
          });
      }
  }
}

/** Of a limit, where there is one, and of what there is room for. */
const least = (limit: number | undefined, room: number | undefined): number | null =>
  limit === undefined ? null : Math.min(limit, room ?? limit);

/** Since when each limit is passed, by file system and what it limits. */
function sinceOf(looked: readonly Looked[]): Since {
  const entries = looked.flatMap(({ spec, standing }) =>
    (['space', 'inodes'] as const).flatMap((what): [string, string][] => {
      const since = standing[what].since?.toISOString();
      return since === undefined ? [] : [[`${spec.key}.${what}`, since]];
    }),
  );
  return Object.fromEntries(entries);
}

const kindsOf = (limits: readonly OwnerLimit[]): OwnerKind[] => limits.map(({ kind }) => kind);

function quotaOf({ spec, keeping, usage, standing }: Looked, map: IdMap): FilesystemQuota {
  const line = (what: What, measure: 'bytes' | 'inodes'): QuotaLine => ({
    used: usage?.[measure] ?? null,
    soft: spec.soft?.[measure] ?? null,
    hard: spec.limit?.[measure] ?? null,
    state: standing[what].state,
    graceEnds: standing[what].ends?.toISOString() ?? null,
  });
  return {
    target: spec.target,
    enforced: backends[spec.kind].limits,
    space: line('space', 'bytes'),
    inodes: line('inodes', 'inodes'),
    how: keeping.how,
    ...ownersOf(spec, keeping, map),
  };
}

/** Where nothing counts them, those that the document names. */
function ownersOf(
  spec: FilesystemSpec,
  keeping: Keeping,
  map: IdMap,
): Pick<FilesystemQuota, 'owners' | 'ownersHow'> {
  const obstacle = obstacleTo(['user', 'group'], keeping);
  const counted = keeping.counted === undefined ? [] : ownersIn(keeping.counted, map);
  const isCounted = ({ kind, id }: OwnerLimit): boolean =>
    counted.some((entry) => entry.kind === kind && entry.id === id);
  const line = (used: number | null, { soft, hard }: SoftAndHard, ends?: Date): QuotaLine => ({
    used,
    soft: soft ?? null,
    hard: hard ?? null,
    state: ends === undefined ? 'within' : ends <= new Date() ? 'expired' : 'over',
    graceEnds: ends?.toISOString() ?? null,
  });
  const enforced = new Set(
    (['user', 'group'] as const).filter((kind) => obstacleTo([kind], keeping) === undefined),
  );
  return {
    owners: [
      ...counted.map((entry) => ({
        kind: entry.kind,
        id: entry.id,
        enforced: enforced.has(entry.kind),
        space: line(entry.bytes, entry.space, entry.spaceEnds),
        inodes: line(entry.inodes, entry.files, entry.filesEnds),
      })),
      ...spec.owners
        .filter((limit) => !isCounted(limit))
        .map(({ kind, id, bytes, inodes }) => ({
          kind,
          id,
          enforced: enforced.has(kind),
          space: line(null, bytes),
          inodes: line(null, inodes),
        })),
    ],
    ownersHow: obstacle ?? "the host's quotas of the ids they have there",
  };
}
