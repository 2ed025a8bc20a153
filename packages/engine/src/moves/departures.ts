// Domains that go to other hosts. Which host has one is never in doubt: this one until `moving.json` says that it was given away.
// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import { readdirSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { MoveAnswer, MoveLayer, MoveList, MoveReport } from '@ctvirt/api';
import { formatDomain } from '@ctvirt/xml';
import type { DomainRef, Engine, Leaving, MoveTarget, Reach } from '../contract.js';
import { occupiedBy } from '../domains/copying.js';
import type { Definer } from '../domains/definer.js';
import type { Lifecycle } from '../domains/lifecycle.js';
import { rootContextOf } from '../domains/mounting.js';
import { refuseReverting } from '../domains/reverter.js';
import type { Roots } from '../domains/roots.js';
import type { Turns } from '../domains/turns.js';
import { EngineError, isFault } from '../errors.js';
import { hostName } from '../host/facts.js';
import type { UserNamespacePool } from '../host/userns.js';
import type { Jobs, Working } from '../jobs/jobs.js';
import { filesystemsOf } from '../lifecycle/document.js';
import { placesOf } from '../lifecycle/links.js';
import { outsideOf } from '../lifecycle/outside.js';
import type { EngineLog } from '../log.js';
import { addProxies, dropProxies, proxiesFor } from '../network/proxies.js';
import type { Documents } from '../registry/documents.js';
import type { Entry, Registry } from '../registry/registry.js';
import { forgetMoving, type Moving, readMoving, writeMoving } from '../state/moving.js';
import type { KeyedQueue } from '../state/queue.js';
import { isLayerOf, type SnapshotStore } from '../state/snapshot-store.js';
import type { DomainStore } from '../state/store.js';
import { type FilesystemSpec, forgetStreams, type KeptContext, type Sources } from '../storage/index.js';
import type { RootMounts } from '../storage/root-mounts.js';
import { type Going, type GoingSnapshot, Passes } from './passes.js';
import { type placedHere, sendTemplate } from './templates.js';

/** Dependencies of `Departures`. */
export interface DepartureParts {
  readonly turns: Turns;
  readonly jobs: Pick<Jobs, 'run' | 'refuse'>;
  readonly definer: Definer;
  readonly lifecycle: Lifecycle;
  readonly documents: Documents;
  readonly registry: Registry;
  readonly queue: KeyedQueue;
  readonly roots: Pick<Roots, 'takeBack'>;
  readonly store: DomainStore;
  readonly rootMounts: Pick<RootMounts, 'refuse' | 'openLayer' | 'showLayer'>;
  readonly sources: Sources;
  readonly kept: (entry: Entry) => KeptContext;
  readonly snapshots: SnapshotStore;
  readonly templates: Parameters<typeof placedHere>[1];
  readonly namespaces: UserNamespacePool;
  readonly reach: Reach;
  readonly log: EngineLog;
}

type MoveOptions = Parameters<Engine['moves']['move']>[2];
type JobOptions = NonNullable<MoveOptions> &
  Working & {
    /** Fires when it is to be shut down now. */
    readonly hastened: AbortSignal;
  };
type BeginOptions = Parameters<Engine['moves']['begin']>[1];
/** Says where it goes once it is known that it can. */
type WhereTo = (going: Going, signal: AbortSignal) => Promise<string>;

/** How long a container may take to power off. */
const STOP_MS = 60_000;
const LOOK_MS = 10;
/** Whoever asked for the move waits so long for the other host to say that it has it; it is asked on after that. */
const ANSWER_MS = 60_000;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;

const ignore = (): void => undefined;

/** Moves them, one turn of the domain from the first question to the last. */
export class Departures {
  readonly #closing = new AbortController();
  /** Of those under way, by UUID. */
  readonly #hastening = new Map<string, AbortController>();

  constructor(private readonly parts: DepartureParts) {}

  async move(ref: DomainRef, to: string, options: MoveOptions = {}): Promise<MoveReport> {
    return await this.#job(ref, options, async () => to);
  }

  /** A job that waits to be told where to. */
  async begin(ref: DomainRef, { signal, ...options }: BeginOptions = {}): Promise<Leaving> {
    const staying = new AbortController();
    const stay = (): void => staying.abort(new EngineError('interrupted', 'the move was given up'));
    if (signal?.aborted === true) stay();
    signal?.addEventListener('abort', stay, { once: true });
    return await new Promise((resolve, reject) => {
      const whereTo: WhereTo = ({ offer }, ended) =>
        new Promise((tell, refuse) => {
          ended.throwIfAborted();
          ended.addEventListener('abort', () => refuse(ended.reason));
          const go = (to: string): typeof report => {
            tell(to);
            return report;
          };
          resolve({ offer, go, stay });
        });
      const report = this.#job(ref, { ...options, signal: staying.signal }, whereTo).finally(() =>
        signal?.removeEventListener('abort', stay),
      );
      report.catch(reject);
    });
  }

  async #job(ref: DomainRef, options: NonNullable<MoveOptions>, whereTo: WhereTo): Promise<MoveReport> {
    const { turns, jobs } = this.parts;
    const subject = turns.find(ref);
    const { uuid } = subject.record;
    const hastening = new AbortController();
    const work = async (watching: Working): Promise<MoveReport> => {
      this.#hastening.set(uuid, hastening);
      try {
        const how = { ...options, ...watching, hastened: hastening.signal };
        const report = await this.#inTurn(uuid, how, whereTo);
        watching.note({ downMs: report.downMs });
        return report;
      } finally {
        this.#hastening.delete(uuid);
      }
    };
    if (options.dryRun !== true) return await jobs.run(subject, 'move', work, options);
    // Who only looks moves nothing, and has failed at nothing where there is something in the way.
    jobs.refuse(uuid);
    const { signal = new AbortController().signal, onProgress = ignore } = options;
    return await work({ signal, onProgress, note: ignore });
  }

  hasten(ref: DomainRef): boolean {
    const hastening = this.#hastening.get(this.parts.turns.find(ref).record.uuid);
    hastening?.abort();
    return hastening !== undefined;
  }

  async #inTurn(ref: DomainRef, options: JobOptions, whereTo: WhereTo): Promise<MoveReport> {
    const inTurn = async (entry: Entry): Promise<MoveReport> => {
      options.signal.throwIfAborted();
      const going = await this.#going(entry);
      const to = await whereTo(going, options.signal);
      options.note({ peer: to });
      const target = await this.parts.reach(to);
      try {
        const { findings, lacking = [] } = await target.ask({ step: 'look', offer: going.offer });
        const names = new Set(going.offer.layers.map(({ template }) => template));
        const templates = [...names].filter((name) => lacking.includes(name));
        if (options.dryRun === true) return reportOf(going, to, { findings, templates });
        return await this.#move(going, { to, target, options, findings, templates });
      } finally {
        await target.close();
      }
    };
    return await this.parts.turns.take(ref, inTurn, { isJob: true });
  }

  /** Of a move whose other end is silent: says whose it is. Returns whether there is one. */
  async resolve(ref: DomainRef, keeper: 'here' | 'there'): Promise<boolean> {
    const { registry, queue, store, roots } = this.parts;
    const entry = registry.lookFor(ref);
    if (entry === undefined) return keeper === 'here' && (await roots.takeBack(ref));
    if (entry.givenTo === undefined) return false;
    const { name } = entry.record;
    await queue.run(name, async () => {
      if (entry.givenTo === undefined) return;
      if (keeper === 'there') return await this.#leave(entry);
      await addProxies(this.#read(entry)?.proxies ?? []);
      await this.#forgetStreams(entry);
      await forgetMoving(store.rootFolder(name));
      entry.givenTo = undefined;
    });
    return true;
  }

  /** Learns what was given away, before anything is started. */
  know(): void {
    const { registry, log } = this.parts;
    for (const entry of registry.entries()) {
      const moving = this.#read(entry);
      if (moving?.keeper !== 'given') continue;
      entry.givenTo = moving.to;
      log(
        'warn',
        `domain '${entry.record.name}' was given to ${moving.to}: that host is asked whether it has it`,
      );
    }
  }

  /** What an earlier daemon had begun: what was given is asked about until it is answered, and of the rest the other host is told that it is over. */
  async resume(): Promise<void> {
    const { registry, queue, log } = this.parts;
    for (const entry of registry.here()) {
      const moving = this.#read(entry);
      if (moving === undefined) continue;
      const { name } = entry.record;
      await this.#forgetStreams(entry);
      if (moving.keeper === 'here')
        await queue
          .run(name, () => this.#startAgain(entry, moving))
          .catch((error: unknown) => log('error', `domain '${name}' was to run again: ${String(error)}`));
      this.#settleLater(entry, moving);
    }
  }

  close(): void {
    this.#closing.abort();
  }

  #read({ record: { name } }: Entry): Moving | undefined {
    try {
      return readMoving(this.parts.store.rootFolder(name));
    } catch (error) {
      this.parts.log('error', `domain '${name}': ${String(error)}`);
      return undefined;
    }
  }

  async #going(entry: Entry): Promise<Going> {
    const { store, documents, rootMounts, templates } = this.parts;
    const { record, state } = entry;
    const { name, ctid, autostart, order, delaySeconds } = record;
    if (!record.persistent || record.adopted !== undefined)
      throw new EngineError(
        'unsupported',
        `domain '${name}' ${record.persistent ? "was adopted: its files are not ctvirt's to give away" : 'is transient'}`,
      );
    if (state === 'paused')
      throw new EngineError('wrong-state', `domain '${name}' is paused: resume it first`);
    rootMounts.refuse(record);
    const lease = store.lease(name);
    refuseReverting(name, store.rootFolder(name));
    const domain = await documents.stored(entry);
    const all = filesystemsOf(domain);
    const specs = all.filter(({ target }) => lease?.made.some((made) => made.target === target));
    if (lease === undefined || !specs.some(({ target }) => target === '/'))
      throw new EngineError(
        'unsupported',
        `the root of domain '${name}' is no layer above a template: its files are not ctvirt's to move`,
      );
    const layers: MoveLayer[] = [];
    for (const spec of specs) {
      const { digest } = await templates.get(spec.source);
      const tree = await templates.treeOf(spec.source);
      const bytes = await occupiedBy([spec], this.parts.kept(entry));
      layers.push({ target: spec.target, template: spec.source, digest, tree, bytes });
    }
    return {
      entry,
      specs,
      outside: outsideOf(domain),
      routed: placesOf(domain).flatMap(({ kind, addresses }) =>
        kind === 'routed' ? addresses.map(({ address }) => address) : [],
      ),
      offer: {
        ...{ version: 1, job: randomUUID(), from: hostName(), xml: formatDomain(domain), ctid, autostart },
        ...(order !== undefined && { order }),
        ...(delaySeconds !== undefined && { delaySeconds }),
        ...{ start: state === 'running', layers },
      },
      context: rootContextOf(entry, domain, this.parts),
      snapshots: await this.#snapshots(entry, specs),
    };
  }

  async #snapshots({ record: { name } }: Entry, specs: readonly FilesystemSpec[]): Promise<GoingSnapshot[]> {
    const { store, snapshots } = this.parts;
    const root = store.rootFolder(name);
    const going: GoingSnapshot[] = [];
    for (const { name: snapshot, isCurrent } of snapshots.list(root)) {
      const keep = snapshots.path(root, snapshot);
      const files = readdirSync(keep).filter(isLayerOf);
      const has = ({ key }: FilesystemSpec): boolean => files.some((file) => file.startsWith(`${key}.`));
      const own = specs.filter(has);
      if (own.length < files.length)
        throw new EngineError(
          'unsupported',
          `snapshot '${snapshot}' of domain '${name}' has files that the domain has no file system for any more (${files.join(', ')}): delete it first`,
          { name: snapshot },
        );
      // Its folder is made before its files are copied to it; of one that came with a move, times of then say nothing of the files here.
      const madeMs = statSync(keep).birthtimeMs;
      const [record, xml] = [await snapshots.text(root, snapshot), await snapshots.xml(root, snapshot)];
      going.push({ name: snapshot, madeMs, isCurrent, record, xml, keep, specs: own });
    }
    return going;
  }

  async #move(
    going: Going,
    {
      to,
      target,
      options,
      findings,
      templates,
    }: {
      readonly to: string;
      readonly target: MoveTarget;
      readonly options: JobOptions;
      readonly findings: readonly string[];
      /** To be sent first. */
      readonly templates: string[];
    },
  ): Promise<MoveReport> {
    const { entry, offer } = going;
    const { job } = offer;
    const folder = this.parts.store.rootFolder(entry.record.name);
    const proxies = await proxiesFor(going.routed);
    let moving: Moving = { version: 1, job, to, keeper: 'here', ran: offer.start, proxies };
    await writeMoving(folder, moving);
    let askedMs: number | undefined;
    let lists: readonly MoveList[];
    const passes = new Passes(going, target, options, this.parts.rootMounts);
    try {
      const sending = { target, templates: this.parts.templates, options };
      for (const template of templates) await sendTemplate(job, template, sending);
      const { streams } = await target.ask({ step: 'reserve', offer });
      passes.agree(streams);
      await passes.snapshots();
      if (offer.start) {
        askedMs = await this.#sendAndStop(entry, passes, options);
        moving = { ...moving, endedAt: new Date().toISOString() };
      }
      lists = await passes.last();
      lists = await this.#prepare(going, passes, lists, target);
      options.signal?.throwIfAborted();
      await dropProxies(proxies);
      // From here on it is the other's.
      entry.givenTo = to;
      await writeMoving(folder, { ...moving, keeper: 'given' });
    } catch (error) {
      // What is on the disk says whose it is, whatever was thrown.
      if (this.#read(entry)?.keeper !== 'given') {
        entry.givenTo = undefined;
        await this.#giveUp(entry, moving, target);
      }
      throw error;
    }
    const said = await this.#give(entry, { ...moving, keeper: 'given' }, { target, askedMs });
    const files = lists.reduce((sum, list) => sum + list.files, 0);
    return reportOf(going, to, {
      ...{
        moved: true,
        state: said.state ?? 'shutoff',
        files,
        findings: [...findings, ...passes.left, ...said.findings],
        templates,
        ...(passes.streamed.length > 0 && { streamed: passes.streamed }),
      },
      ...{ bytes: passes.bytes, passes: passes.done },
      ...{ failure: said.failure ?? null, downMsThere: said.downMs ?? null },
      downMs: said.state === 'running' ? said.downMsHere : null,
    });
  }

  /** Sends its files while it runs, and shuts it down when little is left or that is asked; returns when it was asked to. */
  async #sendAndStop(entry: Entry, passes: Passes, options: JobOptions): Promise<number> {
    const { hastened } = options;
    const sending = passes.whileItRuns(hastened);
    const asked = new Promise<void>((resolve) => {
      if (hastened.aborted) resolve();
      hastened.addEventListener('abort', () => resolve(), { once: true });
    });
    await Promise.race([sending, asked]);
    // A pass that is under way is for the last one to bring to an end.
    const [sent, ended] = await Promise.allSettled([sending, this.#stop(entry, options)]);
    if (sent.status === 'rejected') throw sent.reason;
    if (ended.status === 'rejected') throw ended.reason;
    return ended.value;
  }

  /** Asks whether all is there; returns lists of what is. */
  async #prepare(
    { entry, offer: { job } }: Going,
    passes: Passes,
    lists: readonly MoveList[],
    target: MoveTarget,
  ): Promise<readonly MoveList[]> {
    const { name } = entry.record;
    const { differing = [] } = await target.ask({ step: 'prepare', job, lists });
    if (differing.length === 0) return lists;
    this.parts.log(
      'warn',
      `domain '${name}': not all files at ${differing.join(', ')} came as they are: all are sent again`,
      { domain: name },
    );
    const anew = await passes.again(differing, lists);
    const { differing: left = [] } = await target.ask({ step: 'prepare', job, lists: anew });
    if (left.length === 0) return anew;
    throw new EngineError(
      'internal',
      `not all files of domain '${name}' came as they are: ${left.join(', ')}`,
    );
  }

  /** Returns when it was asked to end: from then on nobody can count on its services. */
  async #stop(
    entry: Entry,
    { stopMs = STOP_MS, signal, onProgress }: NonNullable<MoveOptions>,
  ): Promise<number> {
    const { lifecycle } = this.parts;
    const { name } = entry.record;
    onProgress?.({ phase: `shutting down ${name}`, done: 0 });
    const askedMs = performance.now();
    // It may have ended by itself while its files were sent.
    if (entry.running !== undefined && !entry.isOver) await lifecycle.ask(entry, 'poweroff');
    const deadline = performance.now() + stopMs;
    while (entry.running !== undefined && !entry.isOver) {
      signal?.throwIfAborted();
      if (performance.now() > deadline)
        throw new EngineError(
          'timeout',
          `domain '${name}' did not power off within ${stopMs / 1000} s, and stays here`,
        );
      await sleep(LOOK_MS);
    }
    // As one that has powered off: nobody destroyed it.
    if (entry.isOver) await lifecycle.ask(entry, 'poweroff');
    if (entry.state !== 'shutoff') await lifecycle.destroy(entry);
    return askedMs;
  }

  /** It stays here, and runs if it ran; the other host is told, now or later. */
  async #giveUp(entry: Entry, moving: Moving, target: MoveTarget): Promise<void> {
    const { log } = this.parts;
    await this.#startAgain(entry, moving).catch((error: unknown) =>
      log('error', `domain '${entry.record.name}' was to run again: ${String(error)}`),
    );
    await this.#forgetStreams(entry);
    const isTold = await target.ask({ step: 'abort', job: moving.job }).then(
      () => true,
      () => false,
    );
    if (isTold) await this.#forget(entry, moving);
    else this.#settleLater(entry, moving);
  }

  async #startAgain(entry: Entry, { ran, proxies = [] }: Moving): Promise<void> {
    await addProxies(proxies);
    if (ran && entry.state === 'shutoff') await this.parts.lifecycle.start(entry);
  }

  /** What is left of them is looked for again when its move is. */
  async #forgetStreams({ record: { name } }: Entry): Promise<void> {
    await forgetStreams(this.parts.store.rootFolder(name)).catch((error: unknown) =>
      this.parts.log('error', `domain '${name}': what its move kept is not removed: ${String(error)}`),
    );
  }

  async #forget({ record: { name } }: Entry, { job }: Moving): Promise<void> {
    const folder = this.parts.store.rootFolder(name);
    // Another move may have begun.
    if (readMoving(folder)?.job === job) await forgetMoving(folder);
  }

  /** Asks until it is answered; whoever waits is let go after a while. */
  async #give(
    entry: Entry,
    moving: Moving,
    { target, askedMs }: { readonly target: MoveTarget; readonly askedMs: number | undefined },
  ): Promise<MoveAnswer & { readonly downMsHere: number | null }> {
    const { job, to } = moving;
    const { name } = entry.record;
    const asked = (of: MoveTarget): Promise<MoveAnswer> =>
      of.ask({ step: 'given', job, downMs: askedMs === undefined ? null : performance.now() - askedMs });
    const deadline = performance.now() + ANSWER_MS;
    let answer = await asked(target).catch(() => undefined);
    for (let pauseMs = FIRST_PAUSE_MS; answer === undefined; pauseMs *= 2) {
      if (performance.now() > deadline || this.#closing.signal.aborted) {
        this.#settleLater(entry, moving);
        throw new EngineError(
          'timeout',
          `domain '${name}' was given to ${to}, which has not answered yet that it has it: it is asked again and again, and the domain is off here`,
        );
      }
      await sleep(pauseMs, undefined, { signal: this.#closing.signal }).catch(() => undefined);
      answer = await this.#asking(to, asked).catch(() => undefined);
    }
    const downMsHere = askedMs === undefined ? null : Math.round(performance.now() - askedMs);
    await this.#answered(entry, moving);
    await this.#asking(to, (of) => of.ask({ step: 'over', job })).catch(() => undefined);
    return { ...answer, downMsHere };
  }

  async #asking<T>(to: string, ask: (target: MoveTarget) => Promise<T>): Promise<T> {
    const target = await this.parts.reach(to);
    try {
      return await ask(target);
    } finally {
      await target.close();
    }
  }

  /** The other host has it: its files here are kept for a day. */
  async #answered(entry: Entry, moving: Moving): Promise<void> {
    await writeMoving(this.parts.store.rootFolder(entry.record.name), { ...moving, answered: true });
    await this.#leave(entry);
  }

  /** It is the other's, and here it ends; its files are kept. */
  async #leave(entry: Entry): Promise<void> {
    await this.#forgetStreams(entry);
    await this.parts.definer.undefine(entry, { storage: false });
    entry.givenTo = undefined;
  }

  #settleLater(entry: Entry, moving: Moving): void {
    void this.#settle(entry, moving).catch((error: unknown) =>
      this.parts.log('error', `the move of domain '${entry.record.name}': ${String(error)}`),
    );
  }

  async #settle(entry: Entry, moving: Moving): Promise<void> {
    const { registry, queue, log } = this.parts;
    const { job, to, keeper } = moving;
    const { uuid } = entry.record;
    const { signal } = this.#closing;
    for (let pauseMs = 0; ; pauseMs = Math.min(LONGEST_PAUSE_MS, 2 * pauseMs + FIRST_PAUSE_MS)) {
      await sleep(pauseMs, undefined, { ref: false, signal }).catch(() => undefined);
      // Somebody has decided meanwhile, or it is gone, or moved once more.
      if (signal.aborted || registry.byUuid(uuid) !== entry || this.#read(entry)?.job !== job) return;
      const question =
        keeper === 'given'
          ? ({ step: 'given', job, downMs: null } as const)
          : ({ step: 'abort', job } as const);
      try {
        await this.#asking(to, (target) => target.ask(question));
      } catch (error) {
        if (pauseMs === 0 || isFault(error, 'not-found'))
          log('warn', `domain '${entry.record.name}': ${to} is to be asked about its move: ${String(error)}`);
        continue;
      }
      await queue.run(entry.record.name, async () => {
        if (this.#read(entry)?.job !== job) return;
        if (keeper === 'here') return await this.#forget(entry, moving);
        await this.#answered(entry, moving);
        log('info', `domain '${entry.record.name}' is at ${to} now`);
      });
      if (keeper === 'given')
        await this.#asking(to, (target) => target.ask({ step: 'over', job })).catch(() => undefined);
      return;
    }
  }
}

function reportOf({ entry, outside }: Going, to: string, report: Partial<MoveReport>): MoveReport {
  return {
    ...{ domain: entry.record.name, to, moved: false, state: entry.state, bytes: 0, files: 0, passes: [] },
    templates: [],
    ...{ downMs: null, downMsThere: null, findings: [], failure: null },
    outside: [...outside],
    ...report,
  };
}
