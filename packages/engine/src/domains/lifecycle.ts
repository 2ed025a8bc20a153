// Starts, watches and ends domains: their states, and what their documents want to happen at an end.
// SPDX-License-Identifier: Apache-2.0
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { LifecycleEvent, StateReason } from '@ctvirt/api';
import { type Domain, formatDomain } from '@ctvirt/xml';
import { onBehalfOf } from '../asker.js';
import { type Driver, type Ending, KILL_WAIT_MS, type Run, type Subject } from '../drivers/driver.js';
import { EngineError, notRunning } from '../errors.js';
import type { Admission } from '../guarantees/admission.js';
import type { HookOperation, HookSubject, Hooks } from '../hooks/hooks.js';
import { unlessGone } from '../host/gone.js';
import type { Lives } from '../life/lives.js';
import type { Claim } from '../lifecycle/claim.js';
import { type EndAction, endActionOf, heldOf } from '../lifecycle/document.js';
import { isRescue, rescueOf } from '../lifecycle/rescue.js';
import type { EngineLog } from '../log.js';
import type { NetworkLinks } from '../networks/links.js';
import { type Entry, nothingHeld, type Registry } from '../registry/registry.js';
import { type ConsoleLogs, lastLines } from '../state/console-logs.js';
import type { KeyedQueue } from '../state/queue.js';
import { leasedIn } from '../state/record.js';
import type { DomainStore } from '../state/store.js';
import type { RootMounts } from '../storage/root-mounts.js';
import { RebootPace } from './reboot-pace.js';
import { Recent } from './recent.js';

/** Dependencies of `Lifecycle`. */
export interface LifecycleParts {
  readonly driver: Driver;
  readonly store: DomainStore;
  readonly registry: Registry;
  readonly queue: KeyedQueue;
  readonly admission: Admission;
  readonly consoleLogs: Pick<ConsoleLogs, 'read'>;
  readonly hooks: Pick<Hooks, 'ask' | 'tell'>;
  readonly rootMounts: Pick<RootMounts, 'refuse'>;
  /** What a run was started with, over or not, until it is put away. */
  readonly ofRun: (subject: Subject) => Promise<Domain>;
  readonly networkLinks: Pick<NetworkLinks, 'place' | 'chooserFor' | 'tell' | 'shadowed'>;
  /** The stored document, as text and read. */
  readonly stored: (entry: Entry) => Promise<{ readonly xml: string; readonly domain: Domain }>;
  /** What a document is promised. */
  readonly claim: (domain: Domain) => Claim;
  readonly emit: (event: LifecycleEvent['event'], detail: string, entry: Entry) => void;
  /** What is no event of libvirt's, and of its life all the same. */
  readonly lives: Pick<Lives, 'note'>;
  readonly log: EngineLog;
  /** Throws where what it would be started with is not whole. */
  readonly refuseStart: (entry: Entry) => void;
  /** A file that is there while programs of a run are held for a moment. */
  readonly heldMark: (entry: Subject) => string;
  /** Takes back what a killed daemon had begun to change of a running domain; returns whether it had. */
  readonly takeBack: (entry: Entry) => Promise<boolean>;
  /** Removes a transient domain that has ended. */
  readonly forget: (entry: Entry) => Promise<void>;
}

/** A domain that ends by itself this often within the time is not restarted any more, but for reboots. */
const RESTART_LIMIT = { times: 5, withinMs: 60_000 };

/** How a domain is started. */
export interface StartOptions {
  /** Tells those who listen why. */
  readonly detail?: 'booted' | 'rebooted';
  /** With a shell in the place of its init. */
  readonly isRescue?: boolean;
}

/** What a run that ends sooner wrote to its console is told. */
const BRIEF_MS = 10_000;

/** Changes the state of domains: at a client's request, and when a container ends. */
export class Lifecycle {
  readonly #endings = new Recent(RESTART_LIMIT.withinMs);
  readonly #pace = new RebootPace();
  readonly #closing = new AbortController();
  /** When the runs began that this daemon started, and that have not ended. */
  readonly #begunMs = new WeakMap<Entry, number>();

  constructor(private readonly parts: LifecycleParts) {}

  async start(entry: Entry, options: StartOptions = {}): Promise<void> {
    if (entry.state !== 'shutoff')
      throw new EngineError('wrong-state', `domain '${entry.record.name}' is already running`);
    try {
      await this.#start(entry, options);
    } catch (error) {
      const words = error instanceof Error ? error.message : String(error);
      this.parts.lives.note(entry, { event: 'unstarted', detail: 'failed', words });
      throw error;
    }
  }

  async #start(entry: Entry, { detail = 'booted', isRescue = false }: StartOptions): Promise<void> {
    const { admission, networkLinks, rootMounts } = this.parts;
    rootMounts.refuse(entry.record);
    this.parts.refuseStart(entry);
    const stored = await this.parts.stored(entry);
    using _admitted = await admission.beside(this.parts.claim(stored.domain));
    const wanted = isRescue ? rescueOf(stored.domain) : stored.domain;
    const domain = await networkLinks.place(entry, wanted);
    const xml = domain === stored.domain ? stored.xml : formatDomain(domain);
    await this.#lookAtLeases(entry, domain);
    const hooked = { name: entry.record.name, xml: () => xml };
    await this.parts.hooks.ask(hooked, 'prepare');
    try {
      await this.#run(entry, { domain, xml, hooked });
    } catch (error) {
      await this.parts.hooks.tell(hooked, 'release');
      throw error;
    }
    const { running: run } = entry;
    entry.state = 'running';
    entry.reason = 'booted';
    this.parts.emit('started', detail, entry);
    await this.#forgetCredentials(entry);
    await this.#tellShadowed(entry, domain);
    if (run === undefined) this.#finishLater(entry, () => hasEnded(entry));
    else this.#watch(entry, run);
    await this.parts.hooks.ask(hooked, 'started').catch(async (error: unknown) => {
      await this.destroy(entry);
      throw error;
    });
  }

  /** Throws why a domain that is off would not start with this document now, as far as its memory and its networks go. */
  async judge(entry: Entry, domain: Domain): Promise<void> {
    using _admitted = await this.parts.admission.beside(this.parts.claim(domain));
    await this.parts.networkLinks.place(entry, domain);
  }

  /** What fails leaves nothing of it. */
  async #run(
    entry: Entry,
    { domain, xml, hooked }: { readonly domain: Domain; readonly xml: string; readonly hooked: HookSubject },
  ): Promise<void> {
    const { driver, registry, networkLinks, hooks } = this.parts;
    let isBegun = false;
    const begun = (): void => {
      isBegun = true;
    };
    // Before anything runs: what another one has ends the start here.
    registry.hold(entry, { ...heldOf(domain), addresses: entry.record.addresses });
    let run: Run | undefined;
    let isHooked = false;
    try {
      await hooks.ask(hooked, 'start');
      isHooked = true;
      // While liblxc does its work, which takes longer. Who fails first says why.
      const ready = networkLinks.tell(entry, domain);
      ready.catch(() => undefined);
      run = await driver.start(entry, domain, xml, { begun, ready });
    } catch (error) {
      registry.hold(entry, nothingHeld);
      await this.#leaveNetworks(entry);
      if (isBegun)
        await this.#remember(entry, 'failed', error instanceof Error ? error.message : String(error));
      if (isHooked) await hooks.tell(hooked, 'stopped');
      throw error;
    }
    registry.setRun(entry, run);
    this.#begunMs.set(entry, performance.now());
  }

  /** They are in its files now; written a second time they would undo what its users have changed. */
  async #forgetCredentials(entry: Entry): Promise<void> {
    const { store, registry, log } = this.parts;
    const { credentials, ...record } = entry.record;
    if (credentials === undefined) return;
    registry.replace(entry, record);
    await store
      .writeRecord(record)
      .catch((error: unknown) =>
        log('warn', `domain '${record.name}': its record keeps passwords that are set: ${String(error)}`),
      );
  }

  /** It runs whether or not this can be found out. */
  async #tellShadowed({ record: { name } }: Entry, domain: Domain): Promise<void> {
    const { networkLinks, log } = this.parts;
    const found = await networkLinks.shadowed(domain).catch(() => []);
    for (const { message } of found) log('warn', `domain '${name}': ${message}`, { domain: name });
  }

  /** Its networks may be others by now than when it was defined. */
  async #lookAtLeases(entry: Entry, domain: Domain): Promise<void> {
    const { registry, networkLinks, store } = this.parts;
    const choose = await networkLinks.chooserFor(domain);
    const { leases: before = [], ...record } = entry.record;
    const leases = choose({ domain, record: entry.record, own: entry });
    if (isDeepStrictEqual(before, leases)) return;
    const next = leases.length === 0 ? record : { ...record, leases };
    registry.checkAddresses(leasedIn({ leases }), entry);
    registry.replace(entry, next);
    await store.writeRecord(next);
  }

  /** What is kept for it there stays. */
  async #leaveNetworks(entry: Entry): Promise<void> {
    await this.parts.networkLinks
      .tell(entry, undefined)
      .catch((error: unknown) =>
        this.parts.log('warn', `domain '${entry.record.name}': its networks know it still: ${String(error)}`),
      );
  }

  /** Ends a domain at once and resolves when nothing of its run is left. */
  async destroy(entry: Entry): Promise<void> {
    if (hasEnded(entry) || entry.isOver) return await this.#finish(entry, { wanted: true });
    const run = runOf(entry);
    // What watches it goes on if it takes longer than anybody waits: its end is told whenever it comes.
    const gone = new Promise<void>((resolve) => this.#watch(entry, run, resolve));
    if (!(await run.kill(gone)))
      throw new EngineError(
        'timeout',
        `domain '${entry.record.name}' did not end by SIGKILL, and nothing of it has gone for ${KILL_WAIT_MS / 1000} s: a process of it hangs in the kernel`,
      );
    await this.#finish(entry);
  }

  /** Asks init, in the way it understands, to power off or to reboot; one that has just ended comes back or stays off. */
  async ask(entry: Entry, what: 'poweroff' | 'reboot'): Promise<void> {
    if (entry.isOver) {
      if (what === 'poweroff') await this.#finish(entry, { isLast: true });
      return;
    }
    const run = runOf(entry);
    if (entry.state === 'paused')
      throw new EngineError('wrong-state', `domain '${entry.record.name}' is paused: resume it first`);
    if (!(await this.#isRescued(entry))) {
      await run.ask(what);
      return this.parts.lives.note(entry, { event: 'asked', detail: what });
    }
    if (what === 'reboot')
      throw new EngineError(
        'wrong-state',
        `domain '${entry.record.name}' runs a shell in the place of its init: shut it down, and start it again`,
      );
    // A shell hears nobody, and has nothing to put in order.
    await this.destroy(entry);
  }

  async #isRescued(entry: Entry): Promise<boolean> {
    const stored = async () => (await this.parts.stored(entry)).domain;
    return await isRescue(await this.parts.ofRun(entry), stored);
  }

  async suspend(entry: Entry): Promise<void> {
    const run = runOf(entry);
    if (entry.state === 'paused')
      throw new EngineError('wrong-state', `domain '${entry.record.name}' is already paused`);
    await run.freeze();
    entry.state = 'paused';
    entry.reason = 'user';
    this.parts.emit('suspended', 'paused', entry);
  }

  async resume(entry: Entry): Promise<void> {
    const run = runOf(entry);
    if (entry.state !== 'paused')
      throw new EngineError('wrong-state', `domain '${entry.record.name}' is not paused`);
    await run.thaw();
    entry.state = 'running';
    entry.reason = 'unpaused';
    this.parts.emit('resumed', 'unpaused', entry);
  }

  /**
   * Lets nothing inside go on while `work` lasts, and nobody take it for paused; returns for how long, in milliseconds, or null where
   * nothing went on before. It fails where that takes longer than the limit.
   */
  async hold(entry: Entry, work: () => Promise<void>, limitMs: number): Promise<number | null> {
    const { running: run } = entry;
    if (run === undefined || entry.isOver || entry.state === 'paused') {
      await work();
      return null;
    }
    const mark = this.parts.heldMark(entry);
    // Of a driver that keeps nothing of its runs nothing is found, either.
    unlessGone(() => writeFileSync(mark, ''));
    try {
      return await run.hold(work, limitMs);
    } finally {
      rmSync(mark, { force: true });
    }
  }

  /** Lets those go on that a killed daemon held, and what it held them by, too. */
  async #letGo(entry: Entry, run: Run): Promise<void> {
    const mark = this.parts.heldMark(entry);
    if (!existsSync(mark)) return;
    if (run.isFrozen) await run.thaw();
    rmSync(mark, { force: true });
  }

  /** Finds out what runs and what ended while no daemon was there. */
  async recover(): Promise<void> {
    const { driver, registry, queue } = this.parts;
    for (const { subject: entry, run, isUnwanted } of await driver.find(registry.entries())) {
      if (run === undefined) {
        entry.state = 'running';
        await this.#finish(entry).catch((error: unknown) => this.#complain(entry, error));
        continue;
      }
      registry.setRun(entry, run);
      await this.#letGo(entry, run);
      entry.state = run.isFrozen ? 'paused' : 'running';
      entry.reason = run.isFrozen ? 'user' : 'booted';
      if (isUnwanted)
        void queue
          .run(entry.record.name, () => this.destroy(entry))
          .catch((error: unknown) => this.#complain(entry, error));
      else {
        this.#watch(entry, run);
        await this.#takeBack(entry);
        await this.#forgetCredentials(entry);
        void this.#hooked(entry)('reconnect');
      }
    }
    const isLeft = (entry: Entry): boolean => !entry.record.persistent && entry.state === 'shutoff';
    for (const entry of [...registry.entries()].filter(isLeft))
      await queue.run(entry.record.name, async () => {
        if (registry.byName(entry.record.name) === entry && isLeft(entry)) await this.parts.forget(entry);
      });
    if (!this.#isBusy()) driver.idle();
  }

  async #takeBack(entry: Entry): Promise<void> {
    const { log, takeBack } = this.parts;
    const { name } = entry.record;
    try {
      if (await takeBack(entry)) log('warn', `domain '${name}': took back a change that was interrupted`);
    } catch (error) {
      log('error', `domain '${name}': a change that was interrupted is done in part: ${String(error)}`);
    }
  }

  /** Stops watching; containers go on. */
  close(): void {
    this.#closing.abort();
    for (const entry of this.parts.registry.entries()) entry.watch?.[Symbol.dispose]();
  }

  #isBusy(): boolean {
    return [...this.parts.registry.entries()].some((entry) => entry.running !== undefined);
  }

  #watch(entry: Entry, run: Run, onEnd: () => void = () => undefined): void {
    entry.watch?.[Symbol.dispose]();
    entry.watch = run.watch(() => {
      if (entry.running === run) entry.isOver = true;
      onEnd();
      this.#finishLater(entry, () => entry.running === run);
    });
  }

  /** When it is the domain's turn, unless an operation before has seen to its end. Who asked for its start did not ask for that. */
  #finishLater(entry: Entry, isDue: () => boolean): void {
    const finish = async (): Promise<void> => {
      await this.#pause(entry);
      await this.parts.queue.run(entry.record.name, async () => {
        if (isDue() && !this.#closing.signal.aborted) await this.#finish(entry);
      });
    };
    onBehalfOf(() => undefined, finish).catch((error: unknown) => this.#complain(entry, error));
  }

  #complain({ record: { name } }: Entry, error: unknown): void {
    this.parts.log('error', `after the end of domain '${name}': ${String(error)}`);
  }

  /**
   * Waits if it reboots too often, with its run as it is: others have their turn meanwhile, and a daemon that comes after a killed one
   * finds the reboot still to be done.
   */
  async #pause(entry: Entry): Promise<void> {
    const { driver, log } = this.parts;
    const { name } = entry.record;
    const { cause, isWanted } = await driver.ending(entry);
    if (isWanted || cause !== 'reboot') return;
    const { pauseMs, isFirst } = this.#pace.next(entry.record.uuid);
    if (isFirst)
      log(
        'warn',
        `domain '${name}' reboots again and again: from now on it waits up to 10 s before each start`,
        { domain: name },
      );
    if (pauseMs === 0) return;
    await sleep(pauseMs, undefined, { ref: false, signal: this.#closing.signal }).catch(() => undefined);
  }

  /** Puts a domain that has ended into its new state, and does what its document wants to happen then. */
  async #finish(entry: Entry, options: { wanted?: boolean; isLast?: boolean } = {}): Promise<void> {
    const { driver, log } = this.parts;
    const { name } = entry.record;
    const { cause, detail, isWanted } = await driver.ending(entry);
    const tell = this.#hooked(entry);
    const wanted = options.wanted === true || isWanted;
    // The daemon that started it may have been killed before it could.
    if (cause !== 'unstarted') await this.#forgetCredentials(entry);
    const how = wanted ? 'destroyed' : detail;
    if (!wanted && cause !== 'reboot') this.#tellBrief(entry, how);
    this.#begunMs.delete(entry);
    entry.watch?.[Symbol.dispose]();
    entry.watch = undefined;
    this.parts.registry.setRun(entry, undefined);
    this.parts.registry.hold(entry, nothingHeld);
    const reason = wanted ? 'destroyed' : reasons[cause];
    entry.state = 'shutoff';
    entry.reason = reason;
    log('info', `domain '${name}' ended: ${how}`, { domain: name, reason });
    const isLast = wanted || options.isLast === true || cause === 'unstarted';
    const action = isLast ? 'destroy' : await this.#endAction(entry, cause);
    await tell('stopped');
    await driver.release(entry);
    await this.#leaveNetworks(entry);
    await tell('release');
    await this.#remember(entry, reason, how);
    // Last: until then a daemon that comes after this one finds out the same.
    await driver.putAway(entry);
    this.parts.emit('stopped', reason, entry);
    if (action === 'restart') {
      // It comes back to its processors: nobody is moved for a reboot.
      const detail = cause === 'reboot' ? 'rebooted' : 'booted';
      try {
        return await this.start(entry, { detail });
      } catch (error) {
        log('error', `domain '${name}' could not be restarted: ${String(error)}`);
        // A start that was taken back may hang.
        if (entry.running !== undefined) return;
      }
    }
    driver.leave(entry);
    if (!entry.record.persistent) await this.parts.forget(entry);
  }

  /** Tells the hooks of a run, as it was: by the time they are called it may be no more. */
  #hooked({ record, running }: Entry): (operation: HookOperation) => Promise<void> {
    const xml = async () => formatDomain(await this.parts.ofRun({ record, running }));
    return (operation) => this.parts.hooks.tell({ name: record.name, xml }, operation);
  }

  async #endAction(entry: Entry, cause: 'poweroff' | 'reboot' | 'crash'): Promise<EndAction> {
    const action = endActionOf(await this.parts.ofRun(entry), cause);
    if (action !== 'restart' || cause === 'reboot') return action;
    const { name, uuid } = entry.record;
    const { length: times } = this.#endings.note(uuid, performance.now());
    if (times <= RESTART_LIMIT.times) return 'restart';
    this.parts.log('error', `domain '${name}' ended ${times} times within a minute and stays off`);
    return 'destroy';
  }

  /** What ends so soon has most often said why. */
  #tellBrief(entry: Entry, how: string): void {
    const { name, uuid } = entry.record;
    // Of one that another daemon started nobody knows how long it ran.
    const begunMs = this.#begunMs.get(entry);
    if (begunMs === undefined || performance.now() - begunMs >= BRIEF_MS) return;
    const console = lastLines(this.parts.consoleLogs.read(uuid, 'last'));
    if (console.length === 0) return;
    this.parts.log('warn', `domain '${name}' ended soon after its start (${how}): ${console.join(' | ')}`, {
      domain: name,
      console,
    });
  }

  /** It is off whether or not the disk has room to say why. */
  async #remember(entry: Entry, reason: StateReason, how: string): Promise<void> {
    const { registry, store, log } = this.parts;
    entry.reason = reason;
    registry.replace(entry, {
      ...entry.record,
      lastReason: reason,
      lastEnd: { at: new Date().toISOString(), how },
    });
    if (!entry.record.persistent) return;
    await store
      .writeRecord(entry.record, { durable: false })
      .catch((error: unknown) => log('warn', `domain '${entry.record.name}' is off: ${String(error)}`));
  }
}

/** The domain's run; throws if it is off. */
export function runOf(entry: Entry): Run {
  if (entry.running === undefined || entry.isOver) throw notRunning(entry.record.name);
  return entry.running;
}

const reasons = {
  poweroff: 'shutdown',
  reboot: 'shutdown',
  crash: 'crashed',
  unstarted: 'failed',
} as const satisfies Record<Ending['cause'], StateReason>;

/** Started, but over before anybody could look: its end waits for its turn. */
const hasEnded = (entry: Entry): boolean => entry.state !== 'shutoff' && entry.running === undefined;
