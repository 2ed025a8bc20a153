// A domain's files on their way: all of them while it runs, then what changed meanwhile, and the rest once it is off.
// SPDX-License-Identifier: Apache-2.0
import { Readable } from 'node:stream';
import type { MoveAnswer, MoveList, MoveOffer, MovePass, MoveRequest, OutsideSource } from '@ctvirt/api';
import type { MoveTarget, Watched } from '../contract.js';
import { allEnded } from '../host/all-ended.js';
import { tooDeep } from '../host/complaint.js';
import { Undo } from '../host/undo.js';
import type { Entry } from '../registry/registry.js';
import { flaggedBelow, flagsLost } from '../storage/file-list.js';
import type { FilesystemSpec } from '../storage/index.js';
import type { LayerFiles, RootContext, RootMounts } from '../storage/root-mounts.js';
import { changesSince, NOTHING, type Tree } from './changes.js';
import { deepPathIn, listed, type Packing, packed, synced, treeOf } from './layer-stream.js';
import { paced } from './pace.js';
import { SentStreams } from './sent-streams.js';

/** What goes, found out before anything is asked. */
export interface Going {
  readonly entry: Entry;
  readonly offer: MoveOffer;
  readonly specs: readonly FilesystemSpec[];
  /** What stays. */
  readonly outside: readonly OutsideSource[];
  readonly context: RootContext;
  /** The oldest first. */
  readonly snapshots: readonly GoingSnapshot[];
  /** Those that the host has a route to. */
  readonly routed: readonly string[];
}

/** Sent in a fraction of what shutting down and starting take. */
const SMALL_BYTES = 1 << 20;
const MOST_WHILE_RUNNING = 5;
/** Times of files are those of the last tick of a clock, and some file systems keep whole seconds. */
const SLACK_MS = 2000;

/** The tree of one file system as the last pass found it. */
interface Sent {
  readonly tree: Tree;
  /** What changed from then on may be missing. */
  readonly sinceMs: () => number;
}

/** A snapshot that goes along. */
export interface GoingSnapshot {
  readonly name: string;
  /** When its files began to be copied, by the clock that these have their times from. */
  readonly madeMs: number;
  readonly isCurrent: boolean;
  /** As they are stored. */
  readonly record: string;
  readonly xml: string;
  /** Where its layers lie. */
  readonly keep: string;
  /** Those that it has. */
  readonly specs: readonly FilesystemSpec[];
}

/** By the clock that files have their times from, and by one that nobody sets. */
interface Moment {
  readonly wall: Date;
  readonly steadyMs: number;
}

const present = (): Moment => ({ wall: new Date(), steadyMs: performance.now() });

/** The earliest that this moment may be called by a clock which may have been set since. */
function earliest({ wall, steadyMs }: Moment): number {
  const now = present();
  return Math.min(wall.getTime(), now.wall.getTime() - (now.steadyMs - steadyMs)) - SLACK_MS;
}

const bytesIn = (tree: Tree, names: Iterable<string> = tree.keys()): number =>
  [...names].reduce((sum, name) => sum + (tree.get(name)?.bytes ?? 0), 0);

interface Sending extends Packing {
  /** Where the layer lies. */
  readonly keep: string;
  /** Of a copy that nobody writes to. */
  readonly madeMs?: number;
  /** Whether it takes the place of all that came before. */
  readonly isWhole?: true;
}

export type Layers = Pick<RootMounts, 'openLayer' | 'showLayer'>;

export class Passes {
  readonly done: MovePass[] = [];
  readonly #sent = new Map<string, Sent>();
  readonly #sockets = new Map<string, number>();
  readonly #flagged = new Map<string, number>();
  readonly #streams: SentStreams;
  #bytes = 0;

  constructor(
    private readonly going: Going,
    private readonly target: MoveTarget,
    private readonly options: Watched & Pick<MoveRequest, 'bytesPerSecond'>,
    private readonly layers: Layers,
  ) {
    this.#streams = new SentStreams(going, target);
  }

  /** By what the other host has said when it reserved it. */
  agree(said: MoveAnswer['streams']): void {
    this.#streams.agree(said);
  }

  /** Where file systems are mounted that have not gone as archives. */
  get streamed(): string[] {
    return this.#streams.targets;
  }

  /** Of all passes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** What of its files stays behind, for people. */
  get left(): string[] {
    const [sockets = 0, flagged = 0] = [this.#sockets, this.#flagged].map((counts) =>
      [...counts.values()].reduce((sum, one) => sum + one, 0),
    );
    const left = `${sockets === 1 ? 'a socket is' : `${sockets} sockets are`} not kept: programs make them anew`;
    return [...(sockets === 0 ? [] : [left]), ...flagsLost(flagged), ...this.#streams.remarks];
  }

  /** One after the other into the layers there, which are copied there as they are copied here; each by what differs from the one before. */
  async snapshots(): Promise<void> {
    const {
      context,
      offer: { job },
      snapshots,
    } = this.going;
    for (const { name, madeMs, isCurrent, record, xml, keep, specs } of snapshots) {
      const lists: MoveList[] = [];
      await this.#pass(async () => {
        for (const spec of specs) {
          await using undo = new Undo();
          const shown = await this.layers.showLayer(spec, { ...context, keep }, undo);
          lists.push(await this.#sendListed(spec, shown, { keep, isRunning: false, madeMs }));
        }
        await this.target.ask({ step: 'snapshot', job, record, xml, isCurrent, lists });
      }, name);
    }
  }

  /** Until what is left is little, another pass would leave no less, or nobody wants to wait any more. */
  async whileItRuns(hastened: AbortSignal): Promise<void> {
    const { specs, context } = this.going;
    let before = Number.POSITIVE_INFINITY;
    for (let number = 0; number < MOST_WHILE_RUNNING && !hastened.aborted; number++) {
      const bytes = await this.#pass(async () => {
        for (const spec of specs) {
          await using undo = new Undo();
          const shown = await this.layers.showLayer(spec, context, undo);
          await this.#send(spec, shown, { keep: context.keep, isRunning: true });
        }
      });
      if (bytes <= SMALL_BYTES || bytes >= before) return;
      before = bytes;
    }
  }

  /** Nobody writes any more. Returns what is there now. */
  async last(): Promise<MoveList[]> {
    const { specs, context } = this.going;
    const lists: MoveList[] = [];
    await this.#pass(async () => {
      for (const spec of specs) {
        await using undo = new Undo();
        const layer = await this.layers.openLayer(spec, context, undo);
        lists.push(await this.#sendListed(spec, layer, { keep: context.keep, isRunning: false }));
      }
    });
    return lists;
  }

  /**
   * All of these once more, in the place of what came: of a folder that had another name just then a pass has nothing, and the next one
   * finds all in it unchanged. Returns all lists.
   */
  async again(targets: readonly string[], lists: readonly MoveList[]): Promise<MoveList[]> {
    const found: MoveList[] = [];
    await this.#pass(async () => {
      for (const list of lists) {
        const spec = this.going.specs.find(({ target }) => target === list.target);
        if (spec === undefined || !targets.includes(spec.target)) {
          found.push(list);
          continue;
        }
        await using undo = new Undo();
        const layer = await this.layers.openLayer(spec, this.going.context, undo);
        this.#sent.delete(spec.target);
        const { keep } = this.going.context;
        found.push(await this.#sendListed(spec, layer, { keep, isRunning: false, isWhole: true }));
      }
    });
    return found;
  }

  /** Returns how many bytes it sent. */
  async #pass(work: () => Promise<void>, snapshot?: string): Promise<number> {
    const { bytes: before } = this;
    const beganMs = performance.now();
    await work();
    const bytes = this.#bytes - before;
    const ms = Math.round(performance.now() - beganMs);
    this.done.push({ bytes, ms, ...(snapshot !== undefined && { snapshot }) });
    return bytes;
  }

  /** Of what nobody writes to: it is listed while it goes. */
  async #sendListed(spec: FilesystemSpec, layer: LayerFiles, how: Sending): Promise<MoveList> {
    const list = listed(layer, spec.target);
    await allEnded([this.#send(spec, layer, how), list.then(() => undefined)]);
    return await list;
  }

  /** As a stream of its own where both hosts have such, and as an archive where not, or where that has failed. */
  async #send(spec: FilesystemSpec, lent: LayerFiles, how: Sending): Promise<void> {
    const { target: at } = spec;
    const { signal } = this.options;
    if (how.madeMs === undefined && !this.#flagged.has(at))
      // Once, and of what runs while it does: it is not to be down for that.
      this.#flagged.set(at, await flaggedBelow([lent.path], (start) => lent.within(start)));
    if (how.isWhole !== true && this.#streams.has(at)) {
      // Of all that follow the kernel alone knows how much it is.
      const isTold = this.options.onProgress !== undefined && this.#streams.isFirst(at);
      const expected = isTold ? this.#bytes + bytesIn((await treeOf(lent, how)).tree) : undefined;
      const counted = (pieces: AsyncIterable<Buffer>) => this.#counted(pieces, expected);
      const isRunning = how.isRunning || how.madeMs !== undefined;
      if (await this.#streams.send(spec, { ...how, isRunning, signal, counted })) return;
      return await this.#sendFiles(spec, lent, { ...how, isWhole: true });
    }
    await this.#sendFiles(spec, lent, how);
  }

  async #sendFiles({ target: at }: FilesystemSpec, lent: LayerFiles, how: Sending): Promise<void> {
    const { signal } = this.options;
    const { entry, offer } = this.going;
    const old = this.#sent.get(at);
    const began = present();
    const { madeMs, isWhole } = how;
    const sinceMs = madeMs === undefined ? () => earliest(began) : () => madeMs - SLACK_MS;
    // The disk of the host is others', too, and nobody is to wait for it while the domain is down: who writes no more leaves no new time.
    if (how.isRunning || madeMs !== undefined) await synced(lent);
    const { tree, sockets } = await treeOf(lent, how);
    if (madeMs === undefined) this.#sockets.set(at, sockets);
    const deep = deepPathIn(tree);
    if (deep !== undefined) throw tooDeep(entry.record.name, deep);
    const changes = changesSince(old?.tree ?? NOTHING, tree, old?.sinceMs() ?? 0);
    const expected = this.#bytes + bytesIn(tree, changes.names);
    const bytes = this.#counted(packed(lent, changes, { ...how, signal }), expected);
    const what = { job: offer.job, target: at, ...(isWhole && { whole: true }) };
    await this.target.send(what, Readable.from(bytes, { objectMode: false }));
    this.#sent.set(at, { tree, sinceMs });
  }

  /** No faster than was said, and told as progress. */
  async *#counted(pieces: AsyncIterable<Buffer>, expected?: number): AsyncGenerator<Buffer> {
    const { signal, onProgress, bytesPerSecond } = this.options;
    const phase = `sending ${this.going.entry.record.name}`;
    for await (const piece of paced(pieces, bytesPerSecond, signal)) {
      this.#bytes += piece.length;
      const total = expected && Math.max(expected, this.#bytes);
      onProgress?.({ phase, done: this.#bytes, ...(total !== undefined && { total }) });
      yield piece;
    }
  }
}
