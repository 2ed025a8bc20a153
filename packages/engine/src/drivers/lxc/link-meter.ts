// Reads what has passed the links of containers: at the host's end of each, all in one answer of the kernel's, and of links that go
// once more when they do.
// SPDX-License-Identifier: Apache-2.0
import { rmSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import type { Domain } from '@ctvirt/xml';
import { isGone } from '../../host/gone.js';
import {
  type CountedLink,
  GoneLinks,
  linkCount,
  linkCounts,
  linkCountsOf,
  networkOf,
  type PassedCount,
} from '../../host/link-counts.js';
import { bootId } from '../../host/processes.js';
import { linksOf } from '../../lifecycle/links.js';
import type { EngineLog } from '../../log.js';
import type { LinkPlan } from '../../network/link-plan.js';
import type { LinkCounters, LinkReading, TrafficCounters } from '../../view.js';
import type { Subject } from '../driver.js';
import { endedLinks, hostNetwork, linkIn } from './ended-links.js';
import { lxcRun } from './run.js';

/** Dependencies of `LinkMeter`. */
export interface LinkMeterParts {
  /** Where monitors write what links had counted at their end. */
  readonly endedFolder: string;
  readonly entries: () => Iterable<Subject>;
  /** What a domain was started with. */
  readonly live: (entry: Subject) => Promise<Domain>;
  readonly book: (readings: readonly LinkReading[], there?: (link: string) => boolean) => void;
  /** Calls back when all that was booked is on the disk. */
  readonly saveSoon: (saved?: () => void) => void;
  readonly log: EngineLog;
}

/** The kernel may tell of a link that went after it has ceased to list it, but not so much later. */
const GONE_MS = 60_000;

/** Links of a domain, and what they were read of. */
interface Known {
  readonly domain: Domain;
  readonly record: Subject['record'];
  readonly links: readonly LinkPlan[];
}

/** Knows which link is whose. */
export class LinkMeter {
  readonly #host = hostNetwork();
  readonly #gone = new GoneLinks();
  /** By the name of the host's end. */
  readonly #owners = new Map<string, Subject>();
  /** Those with links that have no end on the host. */
  readonly #shared = new Set<Subject>();
  /** Host's ends by where the other one is. */
  readonly #peers = new Map<
    string,
    { readonly name: string; readonly index: number; readonly seenMs: number }
  >();
  /** When each link was there for the last time, by performance.now(). */
  readonly #seenMs = new Map<string, number>();
  /** Files of monitors that are booked, and removed when that is on the disk, with their links. */
  readonly #read = new Map<string, string>();
  /** What each running domain has, as its document says. */
  readonly #plans = new Map<Subject, Known>();
  /** What the last look found, by the name of the host's end, and of links that have none by their domain and their name inside. */
  #counts = new Map<string, CountedLink>();
  #countsInside = new Map<Subject, ReadonlyMap<string, CountedLink>>();
  #isTold = false;
  #isLossTold = false;

  constructor(private readonly parts: LinkMeterParts) {}

  /** Looks for the first time: what an earlier daemon did not read any more is booked now. */
  async open(): Promise<void> {
    try {
      this.#gone.open();
      await this.lookAtAll();
    } catch (error) {
      this.#complain(error);
    }
  }

  /** Looks once more. */
  close(): void {
    this.look();
    this.#gone[Symbol.dispose]();
  }

  /** A domain runs, with the links of this document. */
  async know(entry: Subject): Promise<void> {
    try {
      const domain = await this.parts.live(entry);
      const { record } = entry;
      const known = this.#plans.get(entry);
      // Asked with every look: a change of either is another one.
      if (known?.domain !== domain || known.record !== record)
        this.#own(entry, { domain, record, links: linksOf(domain, record) });
    } catch (error) {
      // One that has ended meanwhile may be gone with its document.
      if (entry.running !== undefined) this.#complain(error);
    }
  }

  /** A run has begun, or has got links: whichever way they go, the kernel tells of both of their ends from now on. */
  async began(entry: Subject): Promise<void> {
    await this.know(entry);
    try {
      const own = this.#ownOf(entry);
      for (const link of own) this.#counts.set(link.name, link);
      this.#meet(own);
    } catch (error) {
      this.#complain(error);
    }
  }

  #ownOf(entry: Subject): CountedLink[] {
    return [...this.#owners].flatMap(([name, owner]) => (owner === entry ? (linkCount(name) ?? []) : []));
  }

  /** Of a running domain links are about to come or go. */
  changing(entry: Subject, before: Domain, after: Domain): void {
    const [old, next] = [linksOf(before, entry.record), linksOf(after, entry.record)];
    this.#own(entry, { domain: after, record: entry.record, links: next });
    const stays = (link: LinkPlan): boolean =>
      next.some((other) => isDeepStrictEqual({ ...other, rates: link.rates }, link));
    if (!old.every(stays)) this.look();
  }

  #own(entry: Subject, known: Known): void {
    this.#plans.set(entry, known);
    const { links } = known;
    for (const { kind, hostName } of links) {
      if (hostName !== undefined) this.#owners.set(hostName, entry);
      if (kind === 'macvlan') this.#shared.add(entry);
    }
  }

  /** A run has ended: its links are gone, or going. */
  async ended(entry: Subject): Promise<void> {
    if (![...this.#owners.values()].includes(entry)) await this.know(entry);
    try {
      this.parts.book([...this.#endedNow(), ...this.#goneNow()]);
      this.parts.saveSoon();
    } catch (error) {
      this.#complain(error);
    }
  }

  /** Books all that has passed until now. */
  look(): void {
    try {
      const there = linkCounts();
      this.#counts = new Map(there.map((link) => [link.name, link]));
      this.#meet(there);
      const gone = this.#goneNow();
      const inside = this.#inside();
      // Last: what a monitor writes before its link is gone from the kernel's answer is there by now.
      const ended = this.#endedNow();
      this.#see([
        ...there.map(({ index }) => linkIn(this.#host, index)),
        ...inside.readings.map(({ link }) => link),
        ...this.#read.values(),
      ]);
      const readings = [...ended, ...this.#of(there), ...gone, ...inside.readings];
      this.parts.book(readings, inside.isWhole ? (link) => this.#isThere(link) : undefined);
    } catch (error) {
      this.#complain(error);
    }
  }

  /** The same, of links that have come just now, too. */
  async lookAtAll(): Promise<void> {
    for (const entry of [...this.parts.entries()]) if (entry.running !== undefined) await this.know(entry);
    this.look();
    for (const [name, { running }] of this.#owners) if (running === undefined) this.#owners.delete(name);
    for (const entry of this.#shared) if (entry.running === undefined) this.#shared.delete(entry);
    for (const entry of this.#plans.keys()) if (entry.running === undefined) this.#plans.delete(entry);
  }

  /** What the last look found of a running domain's links, from the container's side: nothing is read. */
  counters(entry: Subject): LinkCounters[] {
    return (this.#plans.get(entry)?.links ?? []).map(({ name, hostName, mac }) => {
      const found =
        hostName === undefined ? this.#countsInside.get(entry)?.get(name) : this.#counts.get(hostName);
      const [first, second] = [inNumbers(found?.rx), inNumbers(found?.tx)];
      const [rx, tx] = hostName === undefined ? [first, second] : [second, first];
      return { name, hostName: hostName ?? null, mac: mac === '' ? null : mac, rx, tx };
    });
  }

  #of(links: readonly CountedLink[]): LinkReading[] {
    return links.flatMap(({ name, index, rx, tx }): LinkReading[] => {
      const owner = this.#owners.get(name);
      if (owner === undefined) return [];
      const link = linkIn(this.#host, index);
      const passed = { inBytes: tx.bytes, inPackets: tx.packets, outBytes: rx.bytes, outPackets: rx.packets };
      return [{ uuid: owner.record.uuid, name: owner.record.name, link, passed }];
    });
  }

  #meet(links: readonly CountedLink[]): void {
    const seenMs = performance.now();
    for (const { name, index, peer } of links)
      if (peer !== undefined && this.#owners.has(name)) this.#peers.set(peer, { name, index, seenMs });
    for (const [peer, { seenMs: at }] of this.#peers) if (seenMs - at > GONE_MS) this.#peers.delete(peer);
  }

  #see(links: readonly string[]): void {
    const now = performance.now();
    for (const link of links) this.#seenMs.set(link, now);
    for (const [link, at] of this.#seenMs) if (now - at > 2 * GONE_MS) this.#seenMs.delete(link);
  }

  /** One of an earlier daemon's gets its time, too. */
  #isThere(link: string): boolean {
    const seenMs = this.#seenMs.get(link);
    if (seenMs === undefined) this.#seenMs.set(link, performance.now());
    return seenMs === undefined || performance.now() - seenMs <= GONE_MS;
  }

  /** Each end tells what it has sent: of both together that is all. */
  #goneNow(): LinkReading[] {
    const gone = this.#gone.take();
    if (gone === undefined && !this.#isLossTold) {
      this.#isLossTold = true;
      this.parts.log(
        'warn',
        'more links went at once than the kernel tells of: what passed some of them in their last moments may not be counted',
      );
    }
    const nothing = { bytes: 0n, packets: 0n, errors: 0n, drops: 0n };
    const ends = (gone ?? []).flatMap((link): CountedLink[] => {
      if (link.elsewhere === undefined) return [{ ...link, rx: nothing }];
      const own = this.#peers.get(link.elsewhere);
      return own === undefined ? [] : [{ ...link, ...own, rx: link.tx, tx: nothing }];
    });
    return this.#of(ends).map((reading) => ({ ...reading, isLate: true }));
  }

  /** What was not booked yet. */
  #endedNow(): LinkReading[] {
    const unread = endedLinks(this.parts.endedFolder, (path) => !this.#read.has(path));
    if (unread.length === 0) return [];
    for (const { path, link } of unread) this.#read.set(path, link);
    this.parts.saveSoon(() => {
      for (const { path } of unread) rmSync(path, { force: true });
      for (const { path } of unread) this.#read.delete(path);
    });
    const names = new Map([...this.parts.entries()].map(({ record }) => [record.uuid, record.name]));
    return unread.map(({ uuid, link, passed }) => {
      const name = names.get(uuid);
      return { uuid, ...(name === undefined ? {} : { name }), link, passed, isLate: true };
    });
  }

  /** Of links that have no end on the host what the container's network has counted, whatever the container calls them. */
  #inside(): { readonly readings: readonly LinkReading[]; readonly isWhole: boolean } {
    const readings: LinkReading[] = [];
    let isWhole = true;
    const countsInside = new Map<Subject, ReadonlyMap<string, CountedLink>>();
    for (const entry of this.#shared) {
      const { record, running } = entry;
      if (running === undefined) continue;
      const { initPid } = lxcRun(running);
      try {
        const network = networkOf(initPid);
        if (network === undefined) continue;
        const found = linkCountsOf(initPid);
        countsInside.set(entry, new Map(found.map((link) => [link.name, link])));
        for (const { index, isFromElsewhere, rx, tx } of found) {
          if (!isFromElsewhere) continue;
          const passed = {
            inBytes: rx.bytes,
            inPackets: rx.packets,
            outBytes: tx.bytes,
            outPackets: tx.packets,
          };
          const link = linkIn(`${bootId()} ${network}`, index);
          readings.push({ uuid: record.uuid, name: record.name, link, passed });
        }
      } catch (error) {
        isWhole = false;
        if (!isGone(error)) this.#complain(error);
      }
    }
    this.#countsInside = countsInside;
    return { readings, isWhole };
  }

  /** Whatever keeps it from looking, the next look books all. */
  #complain(error: unknown): void {
    if (this.#isTold) return;
    this.#isTold = true;
    this.parts.log('warn', `what passes the links of domains is counted later: ${String(error)}`);
  }
}

/** Libvirt's clients know no larger ones. */
const inNumbers = (passed: PassedCount | undefined): TrafficCounters => ({
  bytes: passed === undefined ? null : Number(passed.bytes),
  packets: passed === undefined ? null : Number(passed.packets),
  errors: passed === undefined ? null : Number(passed.errors),
  drops: passed === undefined ? null : Number(passed.drops),
});
