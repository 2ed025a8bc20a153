// The wall between the links of containers and the host: stands before a link does, and is put back if somebody takes it away.
// SPDX-License-Identifier: Apache-2.0
import { EngineError } from '../errors.js';
import { tracksConnections } from '../host/conntrack.js';
import { Nftables } from '../host/nfnetlink.js';
import { run } from '../host/run.js';
import { HostNeighbours } from './host-neighbours.js';
import { addressBytes } from './link-addresses.js';
import type { LinkPlan } from './link-plan.js';
import { refuseOthersMacs } from './refusals.js';
import { type LinkRules, takenElements, type WallElement, wallElements } from './wall-elements.js';
import { type FindFilter, WallFilters } from './wall-filters.js';
import { WallHoldings } from './wall-holdings.js';
import { ruleset, tableFamilies, withoutTables } from './wall-rules.js';

/** How long the wall may have a hole after somebody changed its rules or emptied the host's whole ruleset. */
const LOOK_MS = 500;
const NFT = '/usr/sbin/nft';
const COUNTING =
  'table inet ctvirt-probe { set a { type ifname; size 9; flags dynamic; }; chain probe { update @a { iifname ct count over 1 } drop; }; }';

/** Dependencies of `Wall`. */
export interface WallParts {
  /** The tables' name, unlike any other daemon's. */
  readonly name: string;
  readonly findFilter: FindFilter;
  /** Whether links of which no filter says anything may send in any name. */
  readonly isOpen: boolean;
  /** How many connections a link has at once at most; any number if 0. */
  readonly connections: number;
  readonly log: (level: 'info' | 'warn' | 'error', message: string) => void;
}

/** Keeps the nftables rules and sets that say what the links of each domain may send. */
export class Wall {
  /** Links that are guarded, by the UUIDs of their domains. */
  readonly #guarded = new Map<string, readonly LinkPlan[]>();
  readonly #held = new WallHoldings();
  readonly #timer: NodeJS.Timeout;
  readonly #nftables = new Nftables();
  readonly #neighbours = new HostNeighbours();
  readonly filters: WallFilters;
  #loading: Promise<void> | undefined;
  #canCount: Promise<boolean> | undefined;

  constructor(private readonly parts: WallParts) {
    this.filters = new WallFilters(parts.findFilter, parts.isOpen);
    this.#timer = setInterval(() => void this.#look(), LOOK_MS).unref();
  }

  /** Takes the place of whatever an earlier daemon left, for the links of what runs now, with what all domains are called by. */
  async open(
    links: Iterable<readonly [domain: string, links: readonly LinkPlan[]]>,
    addresses: Iterable<readonly [domain: string, addresses: readonly string[]]>,
  ): Promise<void> {
    try {
      for (const [domain, list] of addresses)
        this.#held.put(`addresses of ${domain}`, takenElements(list.map(addressBytes)));
      for (const [domain, list] of links) await this.#find(domain, list);
      this.#held.put('host', this.#hostElements());
      if (this.#guarded.size > 0) await this.#load();
      else if (this.#isThere()) await this.#remove();
    } catch (error) {
      this.parts.log('error', `links of containers are not guarded: ${String(error)}`);
    }
  }

  /** Lets a domain send what these links may, and nothing else: before they are there. */
  async guard(domain: string, links: readonly LinkPlan[]): Promise<void> {
    const after = wallElements(links, await this.#rulesFor(links));
    this.#refuseShared(domain, links, after);
    const seen = bridgesOf(this.#guarded.values());
    const gone = this.#know(domain, links, after);
    // Of a bridge with containers on it the next look is soon enough.
    if ([...bridgesOf([links])].some((name) => !seen.has(name))) await this.#lookAtHost();
    await this.#change(after, gone);
  }

  /** Runs as an earlier daemon left it: with the wall of all links where its filter is no more what it can be. */
  async #find(domain: string, links: readonly LinkPlan[]): Promise<void> {
    try {
      this.#know(domain, links, wallElements(links, await this.#rulesFor(links)));
    } catch (error) {
      this.parts.log(
        'error',
        `links of domain ${domain} are guarded without their filters: ${String(error)}`,
      );
      const bare = links.map((link) => ({ ...link, filter: undefined }));
      this.#know(domain, bare, wallElements(bare));
    }
  }

  /** Domains that run, each with the filters that its links name. */
  *filtered(): Iterable<readonly [domain: string, link: LinkPlan]> {
    for (const [domain, links] of this.#guarded)
      for (const link of links) if (link.filter !== undefined) yield [domain, link];
  }

  /** Throws as a start would where what runs could not be filtered so. */
  async checkFilters(find: FindFilter): Promise<void> {
    if ([...this.filtered()].length === 0) return;
    const rules = await this.filters.rulesWith(find);
    for (const links of this.#guarded.values()) wallElements(links, rules);
  }

  /** Filters are others now: what runs has them all at one moment. */
  async refilter(): Promise<void> {
    this.filters.forget();
    const domains = new Set([...this.filtered()].map(([domain]) => domain));
    if (domains.size === 0) return;
    while (this.#loading !== undefined) await this.#loading;
    for (const domain of domains) await this.#find(domain, this.#guarded.get(domain) ?? []);
    await this.#load();
  }

  /** Addresses of a domain, whether it runs or not: no port of a bridge may take them. */
  reserve(domain: string, addresses: readonly string[]): void {
    const { come, gone } = this.#held.put(
      `addresses of ${domain}`,
      takenElements(addresses.map(addressBytes)),
    );
    this.#change(come, gone).catch((error: unknown) => {
      this.parts.log('error', `addresses of domain ${domain} are not kept from others: ${String(error)}`);
    });
  }

  /** The domain's links are gone. */
  async release(domain: string): Promise<void> {
    if (this.#guarded.has(domain)) await this.guard(domain, []);
  }

  /** With nothing to guard, nothing stays on the host. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#loading;
    if (this.#guarded.size === 0 && this.#isThere()) await this.#remove();
    this.#nftables[Symbol.dispose]();
    this.#neighbours[Symbol.dispose]();
  }

  #know(domain: string, links: readonly LinkPlan[], elements: readonly WallElement[]): WallElement[] {
    if (elements.length === 0) this.#guarded.delete(domain);
    else this.#guarded.set(domain, links);
    return this.#held.put(`links of ${domain}`, elements).gone;
  }

  async #change(come: readonly WallElement[], gone: readonly WallElement[]): Promise<void> {
    while (this.#loading !== undefined) await this.#loading;
    // Without a table nothing is lost: who needs one loads all that is known.
    if (this.#nftables.change('add', this.parts.name, come) === undefined) this.#take(gone);
    else if (this.#guarded.size > 0) await this.#load();
  }

  /** What is the host's where containers are its neighbours. */
  #hostElements(): readonly WallElement[] {
    return this.#neighbours.elements(bridgesOf(this.#guarded.values()));
  }

  async #lookAtHost(): Promise<void> {
    const { come, gone } = this.#held.put('host', this.#hostElements());
    await this.#change(come, gone);
  }

  /** Two under one name would take each other's wall away. */
  #refuseShared(domain: string, links: readonly LinkPlan[], elements: readonly WallElement[]): void {
    if (elements.length === 0) return;
    const others = [...this.#guarded].flatMap(([other, held]) => (other === domain ? [] : held));
    refuseOthersMacs(links, others);
    const names = new Set(elements.map(({ link }) => link));
    for (const [other, held] of this.#guarded) {
      const shared =
        other === domain ? undefined : held.find((link) => isGuarded(link) && names.has(link.hostName));
      if (shared !== undefined)
        throw new EngineError(
          'exists',
          `another running domain has a link named '${shared.hostName}' on the host`,
        );
    }
  }

  /** One by one where they are not all there: somebody else may have emptied a set. */
  #take(elements: readonly WallElement[]): void {
    if (this.#nftables.change('remove', this.parts.name, elements) === undefined) return;
    for (const one of elements) this.#nftables.change('remove', this.parts.name, [one]);
  }

  #isThere(): boolean {
    return tableFamilies.some((family) => this.#nftables.has(family, this.parts.name));
  }

  async #look(): Promise<void> {
    const { name, log } = this.parts;
    const isWhole = () => tableFamilies.every((family) => this.#nftables.has(family, name));
    try {
      if (this.#guarded.size === 0 || this.#loading !== undefined) return;
      const isChanged = this.#nftables.isChanged(name);
      if (isChanged === false && isWhole()) return await this.#lookAtHost();
      if (isChanged !== 'unknown')
        log('warn', `somebody changed nftables' tables '${name}' or took them away: they are put back`);
      await this.#load();
    } catch (error) {
      log('error', `links of containers are not guarded: ${String(error)}`);
    }
  }

  /** All at one moment, with what is known then; who comes meanwhile waits and adds what is theirs. */
  async #load(): Promise<void> {
    this.#nftables.watch();
    const load = this.#put().then(() => this.#nftables.loaded(this.parts.name));
    const loading = load.finally(() => {
      this.#loading = undefined;
    });
    this.#loading = loading.catch(() => undefined); // told to the one who loads
    await loading;
  }

  /** With what the rules of an earlier daemon have learnt, unless they were others, or somebody changed them beyond that. */
  async #put(): Promise<void> {
    const { name } = this.parts;
    if (this.#nftables.has('bridge', name))
      try {
        const { stdout } = await run([NFT, '--terse', 'list', 'table', 'bridge', name]);
        return void (await run([NFT, '-f', '-'], { input: await this.#text(stdout) }));
      } catch {
        // All anew is what else there is, and tells what is wrong.
      }
    await nft(await this.#text());
  }

  /** With what is known at the moment in which it is made. */
  async #text(standing?: string): Promise<string> {
    const rules = await this.filters.rulesFor([...this.#guarded.values()].flat());
    const programs = this.filters.programs([...this.#guarded.values()].flat(), rules);
    return ruleset(this.parts.name, this.#held.all(), {
      programs,
      connections: this.parts.connections,
      ...(standing !== undefined && { standing }),
    });
  }

  async #rulesFor(links: readonly LinkPlan[]): Promise<LinkRules> {
    const rules = await this.filters.rulesFor(links);
    return (await this.#counts()) ? { ...rules, counts: isTracked } : rules;
  }

  async #counts(): Promise<boolean> {
    const { connections, log } = this.parts;
    if (connections === 0) return false;
    this.#canCount ??= run([NFT, '--check', '--file', '-'], { input: COUNTING }).then(
      () => true,
      () => {
        log('warn', 'connections of links are not limited: this kernel cannot count them (nft_connlimit)');
        return false;
      },
    );
    return await this.#canCount;
  }

  async #remove(): Promise<void> {
    await nft(withoutTables(this.parts.name));
  }
}

/** Where the host tracks no connections, none fill its table, and rules that count them would have it begin: networks of ours have it. */
const isTracked = ({ network }: LinkPlan): boolean => network !== undefined || tracksConnections();

const isGuarded = ({ hostName, isTrusted }: LinkPlan): boolean => hostName !== undefined && !isTrusted;

/** At each start of all that run: hence without a list of their links. */
function bridgesOf(lists: Iterable<readonly LinkPlan[]>): Set<string> {
  const found = new Set<string>();
  for (const links of lists)
    for (const { kind, parent } of links) if (kind === 'bridge' && parent !== undefined) found.add(parent);
  return found;
}

async function nft(input: string): Promise<void> {
  await run([NFT, '-f', '-'], { input }).catch((cause: unknown) => {
    throw new EngineError(
      'unsupported',
      `no container gets a link without nftables: Debian's package nftables, and a kernel with nf_tables for inet, arp and bridge: ${cause instanceof Error ? cause.message : String(cause)}`,
      {},
      { cause },
    );
  });
}
