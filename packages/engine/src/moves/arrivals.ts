// Domains that come from other hosts: reserved, received, compared, and this host's from the moment they are given.
// SPDX-License-Identifier: Apache-2.0
import { existsSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Readable } from 'node:stream';
import { isDeepStrictEqual } from 'node:util';
import type { MoveAnswer, MoveList, MoveOffer, MoveQuestion, MoveStream } from '@ctvirt/api';
import { type CopyParts, copyFiles } from '../domains/copying.js';
import type { Definer, Reserved } from '../domains/definer.js';
import type { Lifecycle } from '../domains/lifecycle.js';
import { contextOf } from '../domains/mounting.js';
import { type Copied, tellingRoom, writingBelow } from '../domains/room.js';
import type { Roots } from '../domains/roots.js';
import { EngineError } from '../errors.js';
import type { Admission } from '../guarantees/admission.js';
import { syncAll } from '../host/files.js';
import { Undo } from '../host/undo.js';
import type { UserNamespacePool } from '../host/userns.js';
import type { Jobs } from '../jobs/jobs.js';
import { filesystemsOf } from '../lifecycle/document.js';
import { parentsOf, placesOf } from '../lifecycle/links.js';
import { readStored } from '../lifecycle/stored-document.js';
import { absent, strangers } from '../network/strangers.js';
import type { Entry, Registry } from '../registry/registry.js';
import type { IdRanges } from '../state/id-ranges.js';
import { readMoving } from '../state/moving.js';
import { checkName } from '../state/names.js';
import type { KeyedQueue } from '../state/queue.js';
import { parseSnapshot, type SnapshotStore, snapshotFolders } from '../state/snapshot-store.js';
import type { Arrival, ArrivalState, Documents, DomainStore, Made } from '../state/store.js';
import {
  backends,
  type FilesystemSpec,
  forgetStreams,
  type OwnStreams,
  releaseLayers,
  type Sources,
} from '../storage/index.js';
import type { OpenLayerFiles, RootContext, RootMounts } from '../storage/root-mounts.js';
import { EMPTY } from '../templates/empty.js';
import { ArrivalJob } from './arrival-job.js';
import { emptied, listed, unpacked } from './layer-stream.js';
import { placedHere, receiveTemplate } from './templates.js';

/** Dependencies of `Arrivals`. */
export interface ArrivalParts extends CopyParts {
  readonly definer: Definer;
  readonly lifecycle: Lifecycle;
  readonly admission: Admission;
  readonly roots: Roots;
  readonly registry: Registry;
  readonly ids: IdRanges;
  readonly jobs: Pick<Jobs, 'run'>;
  readonly queue: KeyedQueue;
  readonly store: DomainStore;
  readonly snapshots: SnapshotStore;
  readonly templates: Parameters<typeof placedHere>[1];
  readonly namespaces: UserNamespacePool;
  readonly rootMounts: Pick<RootMounts, 'openLayer'>;
  readonly sources: Sources;
  readonly templatePath: (name: string) => string;
}

/** Who has begun to bring a domain and is silent for so long has given it up, as long as not all of it is here. */
const SILENCE_MS = 10 * 60_000;

/** One that is on its way. */
interface Coming {
  readonly job: string;
  readonly entry: Entry;
  readonly documents: Documents;
  readonly start: boolean;
  /** What its files take, as the other host says. */
  readonly bytes: number;
  readonly made: readonly Made[];
  /** Where its files lie; that is kept over daemons once all of them are there. */
  folder: string;
  isWhole: boolean;
  /** Of its snapshots. */
  current: string | null;
  /** One question of it at a time. */
  busy: boolean;
  /** Whether somebody here has ended its job. */
  isGivenUp: boolean;
  readonly arrival: ArrivalJob;
  readonly undo: Undo;
  /** Of the promise that it will be started with. */
  readonly admitted: Disposable | undefined;
  timer: NodeJS.Timeout | undefined;
}

/** What came of one that was given. */
interface Settled {
  /** Why it does not run. */
  readonly failure: string | undefined;
  /** Of its addresses. */
  readonly untold: readonly string[];
}

/** Of one that has just begun. */
const begun = { busy: false, isGivenUp: false, timer: undefined } as const;

const settled: Settled = { failure: undefined, untold: [] };
const untellable = (error: unknown): string[] => [
  `neighbours are not told where its addresses are now: ${String(error)}`,
];

/** What other engines ask of this one; whatever they ask twice is done once. */
export class Arrivals {
  readonly #coming = new Map<string, Coming>();

  constructor(private readonly parts: ArrivalParts) {}

  async answer(question: MoveQuestion): Promise<MoveAnswer> {
    switch (question.step) {
      case 'look':
        return await this.#look(question.offer);
      case 'reserve':
        return await this.#reserve(question.offer);
      case 'snapshot':
        return await this.#snapshot(question);
      case 'prepare':
        return await this.#prepare(question.job, question.lists);
      case 'given':
        return await this.#given(question.job, question.downMs);
      case 'abort':
        return await this.#abort(question.job);
      case 'over':
        return await this.#over(question.job);
    }
  }

  /** Takes again what was reserved when an earlier daemon ended; before anything else is defined or started. */
  recover(): void {
    const { store, registry, ids, log } = this.parts;
    const damaged: EngineError[] = [];
    const arrivals = store.arrivals(damaged);
    for (const { message } of damaged) log('error', `a domain that was on its way is left: ${message}`);
    for (const { folder, arrival } of arrivals) {
      const { record, documents, state } = arrival;
      const entry = registry.add(record, 'shutoff', 'unknown');
      entry.presence = 'coming';
      if (record.ids !== null) ids.claim(record.ids.start, record.name);
      const undo = new Undo();
      undo.push(() => this.#release(entry));
      this.#coming.set(state.job, {
        ...{
          job: state.job,
          entry,
          documents,
          start: state.start,
          bytes: 0,
          made: [],
          folder,
          isWhole: true,
          current: null,
        },
        ...{ ...begun, undo, admitted: undefined, arrival: this.#jobOf(entry, state.job, undefined, 0) },
      });
      log('warn', `domain '${record.name}' is on its way to this host: that is decided where it comes from`);
    }
  }

  /** Starts those that had arrived, and were not started yet when the daemon ended. */
  async resume(): Promise<void> {
    const { registry, store, queue, log } = this.parts;
    for (const entry of registry.here()) {
      const { name } = entry.record;
      const damaged: EngineError[] = [];
      const state = store.arrivalOf(name, damaged);
      for (const { message } of damaged)
        log('error', `domain '${name}' came from another host, and is left as it is: ${message}`);
      if (state === undefined || state.settled) continue;
      await queue
        .run(name, () => this.#settle(entry, state))
        .catch((error: unknown) =>
          log('error', `domain '${name}', which came from another host: ${String(error)}`),
        );
    }
  }

  async receive(what: MoveStream, bytes: Readable): Promise<void> {
    if ('template' in what) return await receiveTemplate(what, bytes, this.parts);
    const { job, target, whole, copy } = what;
    const coming = this.#find(job);
    if (coming.isWhole) throw new EngineError('wrong-state', `all of this domain's files are here already`);
    await this.#alone(coming, async () => {
      const counted = coming.arrival.counted(bytes);
      const put = () =>
        copy === undefined
          ? this.#lend(coming, target, async (layer) => {
              if (whole === true) await emptied(layer);
              await unpacked(layer, counted);
              // Most of it is on the disk by the time that somebody waits for the rest.
              await layer.sync();
            })
          : this.#receiveCopy(coming, target, copy, counted);
      const { bytes: written } = coming;
      await tellingRoom(copiedOf(coming), () => writingBelow(coming.folder, put, { written }));
    });
  }

  async #receiveCopy(
    coming: Coming,
    target: string,
    { form, number }: NonNullable<Extract<MoveStream, { readonly target: string }>['copy']>,
    bytes: AsyncIterable<Buffer>,
  ): Promise<void> {
    const streams = this.#streamsOf(coming, target);
    if (streams?.form !== form)
      throw new EngineError('unsupported', `no stream of the form '${form}' is read here for '${target}'`);
    await streams.receive(number, bytes);
    await syncAll(coming.folder);
  }

  #streamsOf(coming: Coming, target: string): OwnStreams | undefined {
    const { spec, context } = this.#layerOf(coming, target);
    return backends[spec.kind].streams?.(spec, context);
  }

  /** Who has a domain that is here in part: the one it comes from will not say it any more. */
  async resolve(name: string, keeper: 'here' | 'there'): Promise<boolean> {
    const coming = [...this.#coming.values()].find(({ entry }) => entry.record.name === name);
    if (coming === undefined) return false;
    if (keeper === 'there') await this.#abort(coming.job);
    else {
      await this.#given(coming.job, null);
      // The other host may never say that it is over.
      await this.#eraseOlder(coming.entry);
    }
    return true;
  }

  async #look(offer: MoveOffer): Promise<MoveAnswer> {
    const { definer, templates } = this.parts;
    const { xml, lacking } = await placedHere(offer, templates, { isLook: true });
    const findings = await definer.look(xml, {
      toCome: [...lacking.values(), EMPTY],
      toStart: offer.start,
    });
    const domain = readStored(xml, 'offer');
    const unknown = [...absent(parentsOf(domain)), ...strangers(placesOf(domain))];
    return {
      findings: [...findings.map(({ message }) => message), ...unknown],
      lacking: [...lacking.keys()],
    };
  }

  async #reserve(offer: MoveOffer): Promise<MoveAnswer> {
    const { definer, admission, store, templates } = this.parts;
    await this.#dropOlder(offer);
    const { xml } = await placedHere(offer, templates);
    await using undo = new Undo();
    const { autostart, order, delaySeconds, ctid } = offer;
    const fresh = { autostart, order, delaySeconds, ctid: ctid ?? undefined };
    const reserved: Reserved = await definer.reserve(xml, fresh, undo);
    const admitted = offer.start ? await admission.beside(reserved.claim) : undefined;
    if (admitted !== undefined) undo.push(() => admitted[Symbol.dispose]());
    const bytes = bytesOf(offer);
    const { folder, made } = await tellingRoom(copiedOf({ ...reserved, bytes }), async () => {
      const folder = store.stage();
      undo.push(() => store.eraseStaged(folder));
      refuseWithoutRoom(offer, reserved, folder);
      return { folder, made: await definer.makeLayers(folder, reserved) };
    });
    const kept = new Undo();
    const { entry, documents, findings } = reserved;
    kept.push(() => this.#release(entry));
    const coming: Coming = {
      ...{
        job: offer.job,
        entry,
        documents,
        start: offer.start,
        bytes,
        made,
        folder,
        isWhole: false,
        current: null,
      },
      ...{ ...begun, undo: kept, admitted, arrival: this.#jobOf(entry, offer.job, offer.from, bytes) },
    };
    undo.keep();
    this.#coming.set(offer.job, coming);
    this.#await(coming);
    const forms = made.map(({ target }) => [target, this.#streamsOf(coming, target)?.form] as const);
    return {
      findings: findings.map(({ message }) => message),
      streams: Object.fromEntries(
        forms.flatMap(([target, form]) => (form === undefined ? [] : [[target, form]])),
      ),
    };
  }

  /** Who offers a domain has it: what it began before is over. */
  async #dropOlder({ xml }: MoveOffer): Promise<void> {
    const { uuid } = readStored(xml, 'offer');
    for (const { job, entry } of [...this.#coming.values()])
      if (entry.record.uuid === uuid) await this.#abort(job);
  }

  #await(coming: Coming): void {
    clearTimeout(coming.timer);
    if (coming.isWhole) return;
    coming.timer = setTimeout(() => {
      if (coming.busy) return this.#await(coming);
      this.parts.log('warn', `domain '${coming.entry.record.name}' does not come: nobody brings more of it`);
      this.#abortNow(coming);
    }, SILENCE_MS).unref();
  }

  async #alone<T>(coming: Coming, work: () => Promise<T>): Promise<T> {
    if (coming.busy)
      throw new EngineError('busy', `domain '${coming.entry.record.name}' is just being brought here`);
    coming.busy = true;
    try {
      return await work();
    } finally {
      coming.busy = false;
      if (coming.isGivenUp && !coming.isWhole) await this.#abort(coming.job);
      else this.#await(coming);
    }
  }

  /** A job like others, which whoever looks after this host may end as long as not all of it is here. */
  #jobOf(entry: Entry, job: string, from: string | undefined, bytes: number): ArrivalJob {
    return new ArrivalJob(entry, { from, bytes, giveUp: () => this.#giveUp(job) }, this.parts.jobs);
  }

  #giveUp(job: string): boolean {
    const coming = this.#coming.get(job);
    if (coming === undefined || coming.isWhole) return coming === undefined;
    coming.isGivenUp = true;
    const why = 'the job of its arrival was ended by who looks after that host';
    coming.arrival.leave(new EngineError('interrupted', why));
    // Else it goes when what is under way has ended.
    if (!coming.busy) this.#abortNow(coming);
    return true;
  }

  /** Nobody waits for it. */
  #abortNow({ job, entry }: Coming): void {
    void this.#abort(job).catch((error: unknown) =>
      this.parts.log('error', `domain '${entry.record.name}' does not come: ${String(error)}`),
    );
  }

  async #prepare(job: string, lists: readonly MoveList[]): Promise<MoveAnswer> {
    const coming = this.#find(job);
    if (coming.isWhole) return { findings: [] };
    return await this.#alone(coming, async () => {
      const { store } = this.parts;
      const { record } = coming.entry;
      const differing = await this.#differing(coming, lists);
      if (lists.length !== coming.made.length)
        throw new EngineError('invalid', `there are ${coming.made.length} lists of files to be compared`);
      if (differing.length > 0) return { findings: [], differing };
      await forgetStreams(coming.folder);
      const { name, uuid, ids } = record;
      const lease = { name, uuid, ids, made: coming.made, kept: false };
      coming.folder = await store.keepStaged(coming.folder, lease, this.#arrivalOf(coming));
      coming.isWhole = true;
      return { findings: [] };
    });
  }

  async #differing(coming: Coming, lists: readonly MoveList[]): Promise<string[]> {
    const differing: string[] = [];
    for (const list of lists) {
      const found = await this.#lend(coming, list.target, (layer) => listed(layer, list.target));
      if (!isDeepStrictEqual(found, list)) differing.push(list.target);
    }
    return differing;
  }

  /** Its layers are as it has them: they are copied, as the one that is made of a domain here. */
  async #snapshot({
    job,
    record: text,
    xml,
    isCurrent,
    lists,
  }: Extract<MoveQuestion, { step: 'snapshot' }>): Promise<MoveAnswer> {
    const coming = this.#find(job);
    return await this.#alone(coming, async () => {
      const { snapshots } = this.parts;
      const { folder, entry } = coming;
      const snapshot = parseSnapshot(text, 'what came of a snapshot');
      checkName(snapshot.name);
      const differing = await this.#differing(coming, lists);
      if (differing.length > 0)
        throw new EngineError(
          'internal',
          `not all files of snapshot '${snapshot.name}' came as they were: ${differing.join(', ')}`,
        );
      const specs = lists.map(({ target }) => this.#layerOf(coming, target).spec);
      const hold = async (work: () => Promise<void>): Promise<null> => {
        await work();
        return null;
      };
      await snapshots.make(folder, { name: snapshot.name, xml }, async (to) => {
        const { context: from } = this.#layerOf(coming, '/');
        await copyFiles({ name: entry.record.name, specs, from, to, hold }, this.parts);
        return snapshot;
      });
      if (isCurrent) coming.current = snapshot.name;
      await snapshots.setCurrent(folder, coming.current);
      return { findings: [] };
    });
  }

  async #given(job: string, downMs: number | null): Promise<MoveAnswer> {
    const beganMs = performance.now();
    const { registry, store, queue } = this.parts;
    const coming = this.#coming.get(job);
    const isHere = ({ record }: Entry): boolean => store.arrivalOf(record.name)?.job === job;
    const entry = coming?.entry ?? registry.here().find(isHere);
    if (entry === undefined || (coming !== undefined && !coming.isWhole)) throw unknown(job);
    return await queue.run(entry.record.name, async () => {
      // Asked a second time meanwhile.
      const left = this.#coming.get(job);
      if (left !== undefined) await this.#take(left);
      const state = store.arrivalOf(entry.record.name);
      const wasSettled = state?.settled !== false;
      const { failure, untold } = wasSettled ? settled : await this.#settle(entry, state);
      const ran = entry.state === 'running' && !wasSettled && downMs !== null;
      const down = ran ? Math.round(downMs + performance.now() - beganMs) : null;
      coming?.arrival.done(down);
      return {
        ...{ findings: untold, state: entry.state, downMs: down },
        ...(failure !== undefined && { failure }),
      };
    });
  }

  /** It is this host's from the moment its definition is there. */
  async #take(coming: Coming): Promise<void> {
    const { definer, store } = this.parts;
    const { entry, folder, job } = coming;
    await store.createArrived(folder, this.#arrivalOf(coming));
    this.#coming.delete(job);
    coming.admitted?.[Symbol.dispose]();
    await definer.arrived(entry);
  }

  /** It was here before, and what it left then is older than what it brought. */
  async #eraseOlder({ record }: Entry): Promise<void> {
    const { roots, store } = this.parts;
    for (const kept of roots.list())
      if (kept.lease.uuid === record.uuid && readMoving(store.keptFolder(kept.root)) !== undefined)
        await roots.turn(kept.root, (found) => roots.eraseKept(found)).catch(() => undefined);
  }

  async #settle(entry: Entry, state: ArrivalState): Promise<Settled> {
    const { lifecycle, store, log } = this.parts;
    const { name } = entry.record;
    let failure: string | undefined;
    if (state.start && entry.state === 'shutoff')
      await lifecycle.start(entry).catch((error: unknown) => {
        failure = error instanceof Error ? error.message : String(error);
        log('error', `domain '${name}' came from another host, and does not start: ${failure}`);
      });
    const untold = (state.start && (await entry.running?.announce().catch(untellable))) || [];
    for (const sentence of untold) log('warn', `domain '${name}': ${sentence}`, { domain: name });
    await store.writeArrival(name, { ...state, settled: true });
    return { failure, untold };
  }

  async #abort(job: string): Promise<MoveAnswer> {
    const { registry, store } = this.parts;
    if (registry.here().some(({ record }) => store.arrivalOf(record.name)?.job === job))
      throw new EngineError('wrong-state', 'the domain was given to this host before');
    const coming = this.#coming.get(job);
    if (coming === undefined) return { findings: [] };
    if (coming.busy) throw new EngineError('busy', 'it is just being brought here');
    this.#coming.delete(job);
    clearTimeout(coming.timer);
    coming.admitted?.[Symbol.dispose]();
    try {
      // First what the next daemon would find.
      if (existsSync(coming.folder))
        for (const folder of [coming.folder, ...snapshotFolders(coming.folder)]) releaseLayers(folder);
      await store.eraseStaged(coming.folder);
    } finally {
      // Nobody else gives these back, or ends its job, whatever of its files is not erased yet.
      await coming.undo[Symbol.asyncDispose]();
      coming.arrival.failed(new EngineError('interrupted', 'it was given up, and stays where it was'));
    }
    return { findings: [] };
  }

  async #over(job: string): Promise<MoveAnswer> {
    const { registry, store } = this.parts;
    for (const entry of registry.here()) {
      const { name } = entry.record;
      if (store.arrivalOf(name)?.job !== job) continue;
      await this.#eraseOlder(entry);
      await store.forgetArrival(name);
    }
    return { findings: [] };
  }

  #release(entry: Entry): void {
    const { registry, ids } = this.parts;
    registry.remove(entry);
    if (entry.record.ids !== null) ids.release(entry.record.ids.start);
  }

  #find(job: string): Coming {
    const coming = this.#coming.get(job);
    if (coming === undefined) throw unknown(job);
    return coming;
  }

  #arrivalOf({ job, start, entry, documents }: Coming): Arrival {
    return { state: { job, start, settled: false }, record: entry.record, documents };
  }

  /** One of those that were made for it; throws `invalid`. */
  #layerOf(
    { entry: { record }, documents, folder, made }: Coming,
    target: string,
  ): { readonly spec: FilesystemSpec; readonly context: RootContext } {
    const domain = readStored(documents.xml, record.name);
    const spec = filesystemsOf(domain).find((one) => one.target === target);
    if (spec === undefined || !made.some((one) => one.target === target))
      throw new EngineError('invalid', `the domain has no file system of its own at '${target}'`);
    const { templatePath } = this.parts;
    const layerOf = (at: string): Made | undefined => made.find((one) => one.target === at);
    const context = contextOf(domain, record, this.parts, { keep: folder, templatePath, layerOf });
    return { spec, context };
  }

  async #lend<T>(coming: Coming, target: string, work: (layer: OpenLayerFiles) => Promise<T>): Promise<T> {
    const { spec, context } = this.#layerOf(coming, target);
    await using undo = new Undo();
    return await work(await this.parts.rootMounts.openLayer(spec, context, undo));
  }
}

/** What the other host says of it, which may grow on its way. */
const bytesOf = ({ layers }: MoveOffer): number => layers.reduce((sum, { bytes = 0 }) => sum + bytes, 0);

const copiedOf = ({ entry, bytes }: Pick<Coming, 'entry' | 'bytes'>): Copied => ({
  what: `the files of domain '${entry.record.name}'`,
  bytes: () => bytes,
});

/** Before anything of it is sent. */
function refuseWithoutRoom(offer: MoveOffer, { entry }: Reserved, folder: string): void {
  const needed = bytesOf(offer);
  const { bavail, bsize } = statfsSync(folder);
  const free = bavail * bsize;
  if (free >= needed) return;
  throw new EngineError(
    'no-space',
    `there is no room for domain '${entry.record.name}': its files hold ${needed} bytes, and ${free} are free in ${dirname(folder)}`,
    { path: dirname(folder), needed },
  );
}

const unknown = (job: string): EngineError =>
  new EngineError('not-found', `no domain comes by the move ${job}: it was given up, or never reserved`);
