// Networks on this kernel: a bridge, rules of nftables and a dnsmasq for each, made whole or not at all, and kept that way.
// SPDX-License-Identifier: Apache-2.0
import { EngineError } from '../../errors.js';
import { addressBytes } from '../../host/address-bytes.js';
import { allEnded } from '../../host/all-ended.js';
import { forgetUdpFlows } from '../../host/conntrack.js';
import type { HeldAsset } from '../../host/held-asset.js';
import { hostLinks, linkAt } from '../../host/host-links.js';
import { addressesOn } from '../../host/link-addresses.js';
import { linkIndex } from '../../host/links.js';
import { Nftables } from '../../host/nfnetlink.js';
import { run } from '../../host/run.js';
import { isShaped, shape } from '../../host/shaping.js';
import { Undo } from '../../host/undo.js';
import type { EngineLog } from '../../log.js';
import { KeyedQueue } from '../../state/queue.js';
import type { NetworkHost } from '../contract/network-host.js';
import type { HeldLease, Member, NetworkPlan, OwnBridge } from '../contract/plan.js';
import {
  forwardingRemarks,
  isWithoutRoute,
  putBridge,
  removeBridge,
  type StandingLink,
  standingLink,
} from './bridge.js';
import { Dnsmasq, dnsmasqsBelow, dnsmasqUser } from './dnsmasq.js';
import { configText, hostsText, namesText, needsDnsmasq } from './dnsmasq-config.js';
import { foreignRemarks } from './foreign-rules.js';
import { type Led, ledTo } from './forward-maps.js';
import { type NetworkRecord, NetworkRecords } from './records.js';
import { explained, NFT, refuseImpossible, refuseOverlap } from './refusals.js';
import { answeringOn, ruleset, withoutTable } from './rules.js';
import { staleFlows } from './udp-flows.js';
import { linkName } from './words.js';

/** How long somebody may have to do without what was taken away. */
const LOOK_MS = 2000;
const RULES = 'rules';

/** Dependencies of `LinuxNetworks`. */
export interface LinuxNetworksParts {
  /** Unlike any other daemon's: the table is named by it, and each bridge bears it. */
  readonly name: string;
  /** A folder for each network lies in it, which nobody renames while the network runs. */
  readonly folder: string;
  readonly log: EngineLog;
}

/** A network that runs. */
interface Held {
  plan: NetworkPlan;
  bridge: OwnBridge;
  members: readonly Member[];
  /** The members that dnsmasq knows, where it knows any. */
  told: readonly Member[] | undefined;
  readonly folder: string;
  readonly dnsmasq: Dnsmasq;
  /** The number of its bridge; 0 until there is one. */
  index: number;
  /** What went wrong the last time that it was looked after, said once. */
  complaint: string | undefined;
}

/** Makes them, and looks after them until it is closed. */
export class LinuxNetworks implements NetworkHost {
  readonly #held = new Map<string, Held>();
  readonly #queue = new KeyedQueue();
  readonly #loading = new KeyedQueue();
  readonly #records: NetworkRecords;
  readonly #nftables = new Nftables();
  readonly #table: string;
  readonly #timer: NodeJS.Timeout;
  #plug: (plan: NetworkPlan) => Promise<void> = async () => undefined;
  #remarked: ReadonlySet<string> = new Set();
  #isLooking = false;
  /** The rules that the kernel has of us; undefined where it has none, or others. */
  #loaded: string | undefined;
  /** Where forwards lead by them. */
  #led: readonly Led[] = [];

  constructor(private readonly parts: LinuxNetworksParts) {
    this.#records = new NetworkRecords(parts.folder);
    this.#table = `${parts.name}-net`;
    this.#timer = setInterval(() => void this.#look(), LOOK_MS).unref();
  }

  async check(plan: NetworkPlan): Promise<void> {
    const { bridge, name } = plan;
    if (bridge !== undefined && !this.#held.has(name)) this.#refuse(plan, bridge);
  }

  start(plan: NetworkPlan, members: readonly Member[]): Promise<void> {
    return this.#queue.run(plan.name, async () => {
      const { bridge, name } = plan;
      if (bridge === undefined || this.#held.has(name)) return;
      // Both at once: of two who want one subnet the second is refused.
      this.#refuse(plan, bridge);
      const held = this.#hold(plan, bridge, members);
      await using undo = new Undo();
      undo.push(() => this.#takeAway(held));
      await this.#make(held);
      undo.keep();
    });
  }

  stop(plan: NetworkPlan): Promise<void> {
    return this.#queue.run(plan.name, async () => {
      if (plan.bridge === undefined) return;
      await this.#takeAway(this.#held.get(plan.name) ?? this.#unheld(plan, plan.bridge, []));
    });
  }

  async know(plan: NetworkPlan, members: readonly Member[]): Promise<void> {
    const held = this.#held.get(plan.name);
    if (held === undefined) return;
    held.members = members;
    await this.#queue.run(plan.name, async () => {
      // Of many who come at once the first has told it of all.
      if (this.#held.get(plan.name) !== held || held.told === held.members) return;
      const told = held.members;
      await this.#loadRules();
      if (needsDnsmasq(held.bridge)) await held.dnsmasq.know(held.bridge, told);
      held.told = told;
    });
  }

  change(from: NetworkPlan, to: NetworkPlan, members: readonly Member[]): Promise<void> {
    return this.#queue.run(to.name, async () => {
      const held = this.#held.get(from.name);
      if (held === undefined || from.bridge === undefined || to.bridge === undefined) return;
      if (from.bridge.name !== to.bridge.name)
        throw new EngineError(
          'unsupported',
          `the bridge of network '${from.name}' changes with its next start`,
        );
      this.#refuse(to, to.bridge);
      const before = { plan: held.plan, bridge: held.bridge, members: held.members };
      await using undo = new Undo();
      undo.push(async () => {
        Object.assign(held, before);
        await this.#make(held, to.bridge);
      });
      Object.assign(held, { plan: to, bridge: to.bridge, members });
      await this.#make(held, from.bridge);
      undo.keep();
    });
  }

  async leases({ name }: NetworkPlan): Promise<readonly HeldLease[]> {
    const held = this.#held.get(name);
    return held === undefined ? [] : await held.dnsmasq.leases(held.members);
  }

  async open(
    running: readonly { readonly plan: NetworkPlan; readonly members: readonly Member[] }[],
    plug: (plan: NetworkPlan) => Promise<void>,
  ): Promise<void> {
    this.#plug = plug;
    for (const { plan, members } of running)
      if (plan.bridge !== undefined) this.#hold(plan, plan.bridge, members);
    await this.#clear();
    await Promise.all([...this.#held.values()].map((held) => this.#lookAfter(held)));
    if (this.#held.size === 0) await this.#loadRules().catch((error: unknown) => this.#complain(error));
  }

  assets(): readonly HeldAsset[] {
    const { folder } = this.parts;
    const owners = new Map([...this.#held.values()].map((held) => [held.folder, held.plan.name]));
    const bridges = hostLinks().filter(({ alias }) => alias.startsWith(this.#alias('')));
    return [
      ...bridges.map(({ name, alias }): HeldAsset => {
        const owner = [...this.#held.values()].find((held) => this.#aliasOf(held.folder) === alias);
        const isOwn = owner?.bridge.name === name;
        return {
          kind: 'link',
          what: name,
          owner: isOwn ? owner.plan.name : null,
          remove: () => removeBridge(name),
        };
      }),
      ...dnsmasqsBelow(folder).map(({ pid, config }): HeldAsset => {
        const own = config.slice(0, config.lastIndexOf('/'));
        return {
          kind: 'process',
          what: `${pid} dnsmasq`,
          owner: owners.get(own) ?? null,
          remove: () => new Dnsmasq(this.#records.files(own)).end(),
        };
      }),
      ...this.#records.all().map(
        (path): HeldAsset => ({
          kind: 'folder',
          what: path,
          owner: owners.get(path) ?? null,
          remove: () => this.#records.remove(path),
        }),
      ),
      ...(this.#nftables.has('inet', this.#table)
        ? [
            {
              kind: 'table',
              what: `inet ${this.#table}`,
              owner: this.#held.size > 0 ? 'daemon' : null,
              remove: () => nft(withoutTable(this.#table)),
            } as const,
          ]
        : []),
    ];
  }

  /** The network that runs and forwards by a link alone, or by it and others. */
  forwardsBy(link: string): string | undefined {
    const isBy = ({ bridge: { forward } }: Held): boolean => 'devs' in forward && forward.devs.includes(link);
    return [...this.#held.values()].find(isBy)?.plan.name;
  }

  async remarks({ bridge }: NetworkPlan): Promise<readonly string[]> {
    return bridge === undefined ? [] : await foreignRemarks(bridge);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#nftables[Symbol.dispose]();
  }

  #alias(name: string): string {
    return `${this.parts.name}:${name}`;
  }

  #aliasOf(folder: string): string {
    return this.#alias(folder.slice(folder.lastIndexOf('/') + 1));
  }

  #unheld(plan: NetworkPlan, bridge: OwnBridge, members: readonly Member[]): Held {
    const folder = this.#records.folder(plan.name);
    const dnsmasq = new Dnsmasq(this.#records.files(folder));
    return {
      ...{ plan, bridge, members, folder, dnsmasq },
      ...{ told: undefined, index: 0, complaint: undefined },
    };
  }

  #hold(plan: NetworkPlan, bridge: OwnBridge, members: readonly Member[]): Held {
    const held = this.#unheld(plan, bridge, members);
    this.#held.set(plan.name, held);
    return held;
  }

  /** Ours bear our name; one that was made and not named yet is known by its record. */
  #isOurs(link: StandingLink, folder: string, record: NetworkRecord | undefined): boolean {
    if (link.kind !== 'bridge') return false;
    if (link.alias !== '') return link.alias === this.#aliasOf(folder);
    return link.name === record?.bridge && link.mac === record.mac.toLowerCase();
  }

  /** All that a start would be refused for. */
  #refuse(plan: NetworkPlan, bridge: OwnBridge): void {
    const { name } = plan;
    // Words that cannot be told to dnsmasq or nft.
    configText(bridge, this.#records.files(this.#records.folder(name)), dnsmasqUser());
    hostsText(bridge, []);
    namesText(bridge, []);
    ruleset(this.#table, [{ bridge, members: [] }]);
    refuseImpossible(plan, bridge);
    const others = [...this.#held.values()].filter((one) => one.plan.name !== name);
    refuseOverlap(plan, bridge, others);
    this.#refuseTaken(plan, bridge, standingLink(bridge.name));
  }

  #refuseTaken({ name }: NetworkPlan, bridge: OwnBridge, link: StandingLink | undefined): void {
    const folder = this.#records.folder(name);
    if (link === undefined || this.#isOurs(link, folder, this.#records.read(folder))) return;
    throw new EngineError(
      'exists',
      `network '${name}' cannot have a bridge ${bridge.name}: the host has a link of that name that is not of this network`,
      { name: bridge.name, link: bridge.name },
    );
  }

  /** All of it is there when this resolves, whatever of it was; returns whether its bridge is a new one. */
  async #make(held: Held, before?: OwnBridge): Promise<boolean> {
    const { bridge, folder, plan } = held;
    try {
      const link = standingLink(bridge.name);
      this.#refuseTaken(plan, bridge, link);
      await this.#records.write(folder, { bridge: bridge.name, mac: bridge.mac });
      await allEnded([this.#loadRules(), this.#putServed(held, link, before)]);
      return link === undefined;
    } catch (cause) {
      throw explained(cause, `network '${plan.name}' cannot be made`);
    }
  }

  async #putServed(held: Held, link: StandingLink | undefined, before: OwnBridge | undefined): Promise<void> {
    const { bridge, folder, dnsmasq } = held;
    await allEnded([
      putBridge(bridge, this.#aliasOf(folder), link, before),
      // It would listen on the one that is no more.
      link === undefined && dnsmasq.isUp() ? dnsmasq.end() : Promise.resolve(),
    ]);
    held.index = linkIndex(bridge.name);
    if (isShaped(bridge) || (before !== undefined && isShaped(before))) await this.#shape(held);
    held.told = undefined;
    if (needsDnsmasq(bridge)) await dnsmasq.serve(bridge, held.members);
    else if (dnsmasq.isUp()) await dnsmasq.end();
  }

  /** A network without its rates is of more use than none. */
  async #shape({ bridge, plan }: Held): Promise<void> {
    await shape(linkName(bridge.name), bridge.rates).catch((error: unknown) => {
      if (!(error instanceof EngineError) || error.code !== 'unsupported') throw error;
      this.parts.log('warn', `network '${plan.name}' is not limited: ${error.message}`);
    });
  }

  async #takeAway(held: Held): Promise<void> {
    if (this.#held.get(held.plan.name) === held) this.#held.delete(held.plan.name);
    await allEnded([held.dnsmasq.end(), this.#removeBridge(held.folder, held.bridge.name)]);
    // As long as members are on it, rules are.
    await this.#loadRules();
    await this.#records.remove(held.folder);
  }

  async #removeBridge(folder: string, name: string): Promise<void> {
    const link = standingLink(name);
    if (link !== undefined && this.#isOurs(link, folder, this.#records.read(folder)))
      await removeBridge(name);
  }

  /** What a killed daemon left that no network owns. */
  async #clear(): Promise<void> {
    const owned = new Set([...this.#held.values()].map(({ folder }) => folder));
    for (const folder of this.#records.all().filter((path) => !owned.has(path)))
      try {
        await new Dnsmasq(this.#records.files(folder)).end();
        const record = this.#records.read(folder);
        if (record !== undefined) await this.#removeBridge(folder, record.bridge);
        await this.#records.remove(folder);
      } catch (error) {
        this.#complain(error);
      }
    for (const stray of this.assets().filter(({ owner, kind }) => owner === null && kind !== 'table'))
      await Promise.resolve(stray.remove()).catch((error: unknown) => this.#complain(error));
  }

  /** With what is known when its turn comes; what stands so already is left. */
  #loadRules(): Promise<void> {
    return this.#loading.run(RULES, async () => {
      const text = ruleset(this.#table, [...this.#held.values()]);
      if (text === this.#loaded && this.#isOthersWork() === false) return;
      this.#loaded = undefined;
      // Taking one away takes the kernel ten milliseconds.
      const gone = this.#nftables.has('inet', this.#table) ? withoutTable(this.#table) : '';
      if (gone + text === '') return;
      this.#nftables.watch();
      await nft(gone + text);
      this.#nftables.loaded(this.#table);
      if (text !== '') this.#loaded = text;
      this.#forgetFlows();
    });
  }

  /** What is told of flows is no reason not to have the rules. */
  #forgetFlows(): void {
    const led = answeringOn([...this.#held.values()]).flatMap(ledTo);
    try {
      const stale = staleFlows(this.#led, led, ownAddresses);
      if (stale !== undefined) forgetUdpFlows(stale);
    } catch (error) {
      this.#complain(error);
    }
    this.#led = led;
  }

  /** Whether somebody else has changed the table since it was loaded; 'unknown' where too much else has happened to be told. */
  #isOthersWork(): boolean | 'unknown' {
    if (this.#loaded === undefined) return false;
    return this.#nftables.has('inet', this.#table) ? this.#nftables.isChanged(this.#table) : true;
  }

  #complain(error: unknown): void {
    this.parts.log('error', `networks: ${error instanceof Error ? error.message : String(error)}`);
  }

  async #look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      await this.#lookAtRules();
      this.#lookAtForwarding();
      for (const held of this.#held.values())
        if (!this.#queue.isBusy(held.plan.name) && this.#missing(held).length > 0)
          await this.#lookAfter(held);
    } catch (error) {
      this.#complain(error);
    } finally {
      this.#isLooking = false;
    }
  }

  async #lookAtRules(): Promise<void> {
    const isOthers = !this.#loading.isBusy(RULES) && this.#isOthersWork();
    if (isOthers === false) return;
    this.#loaded = undefined;
    if (isOthers === true)
      this.parts.log(
        'warn',
        `somebody changed nftables' table '${this.#table}' or took it away: it is put back`,
      );
    await this.#loadRules();
  }

  /** Somebody may mean it: it is told once, and not undone. */
  #lookAtForwarding(): void {
    const made = [...this.#held.values()].filter(({ plan }) => !this.#queue.isBusy(plan.name));
    const remarks = made.flatMap(({ plan, bridge }) =>
      forwardingRemarks(bridge).map((one) => `network '${plan.name}': ${one}`),
    );
    for (const one of remarks) if (!this.#remarked.has(one)) this.parts.log('warn', one);
    this.#remarked = new Set(remarks);
  }

  #missing(held: Held): string[] {
    const { bridge, index, dnsmasq } = held;
    const isThere = index !== 0 && linkIndex(bridge.name) === index;
    const there = new Set(isThere ? addressesOn([bridge.name]).map((one) => one.toString('hex')) : []);
    const lost = bridge.addresses.some((one) => !there.has(addressBytes(one.address).toString('hex')));
    return [
      ...(isThere ? [] : ['its bridge']),
      ...(isThere && linkAt(index)?.isUp !== true ? ['the up state of its bridge'] : []),
      ...(isThere && lost ? ['an address of its bridge'] : []),
      ...(isThere && isWithoutRoute(bridge) ? ['a route'] : []),
      ...(needsDnsmasq(bridge) && !dnsmasq.isUp() ? ['its dnsmasq'] : []),
    ];
  }

  /** Puts back what is missing, and says so once; whoever plugs links in again may ask for more of the network. */
  async #lookAfter(held: Held): Promise<void> {
    try {
      const isUnplugged = await this.#queue.run(held.plan.name, () => this.#putBack(held));
      if (isUnplugged) await this.#plug(held.plan);
      held.complaint = undefined;
    } catch (error) {
      const complaint = `network '${held.plan.name}' is not whole: ${error instanceof Error ? error.message : String(error)}`;
      if (held.complaint !== complaint) this.parts.log('error', complaint);
      held.complaint = complaint;
    }
  }

  /** Whether links may have to be plugged in: its bridge is a new one, or one that a killed daemon made before it could do so. */
  async #putBack(held: Held): Promise<boolean> {
    const { plan, dnsmasq } = held;
    if (this.#held.get(plan.name) !== held) return false;
    const isOpening = held.index === 0;
    const missing = isOpening ? [] : this.#missing(held);
    // One that was just being started has not written down which it is.
    if (isOpening && !dnsmasq.isUp()) await dnsmasq.end();
    const isNew = await this.#make(held);
    if (missing.length > 0)
      this.parts.log('warn', `network '${plan.name}' lost ${missing.join(' and ')}: it is put back`);
    return isNew || isOpening;
  }
}

const ownAddresses = (): ReadonlySet<string> =>
  new Set(addressesOn(hostLinks().map(({ name }) => name)).map((one) => one.toString('hex')));

async function nft(input: string): Promise<void> {
  await run([NFT, '-f', '-'], { input });
}
