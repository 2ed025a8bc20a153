// Links of the host that containers have: moved in as they are, and back with the name and the state they had, whoever ended what.
// SPDX-License-Identifier: Apache-2.0
import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EngineError } from '../errors.js';
import { unfinishedIn, writeAtomically } from '../host/files.js';
import { unlessGone } from '../host/gone.js';
import { type HostLink, hostLinks } from '../host/host-links.js';
import {
  deleteLinkIn,
  dropAltNamesIn,
  type LinkState,
  linksIn,
  renameLink,
  restoreLink,
  takeLink,
} from '../host/link-orders.js';
import { hasLink, linkIndex } from '../host/links.js';
import { type CardLink, linksAt, placeOfLink } from '../host/pci-links.js';
import { run } from '../host/run.js';
import { defaultLinks, hostAddresses, hostRoutes } from '../host/subnets.js';
import { type LinkPlan, prefixOfEnd } from './link-plan.js';
import { nameTaken, putInside } from './live-links.js';

/** A link of the host that a document asks for. */
export interface LentLink extends Pick<LinkPlan, 'name' | 'addresses' | 'gateways' | 'routes' | 'up'> {
  /** Its name on the host. */
  readonly host: string;
  /** What it has meanwhile in the place of its own. */
  readonly mac?: string;
  readonly mtu?: number;
  /** Where it is on a PCI bus, if it is asked for by that. */
  readonly place?: string;
}

/** Dependencies of `LentLinks`. */
export interface LentLinksParts {
  /** A file for each of them. */
  readonly folder: string;
  /** Names this network of the host as long as the host is up: what is written of another says nothing of its links. */
  readonly host: string;
  /** The name of a domain, by its UUID. */
  readonly nameOf: (uuid: string) => string | undefined;
  /** Domains that run, with what tells their networks. */
  readonly running: () => Iterable<{ readonly name: string; readonly initPid: number }>;
  /** The network whose members leave by a link. */
  readonly forwardsBy: (link: string) => string | undefined;
  readonly log: (level: 'info' | 'warn' | 'error', message: string) => void;
  /** Where it is mounted, for tests. */
  readonly sysfs?: string;
}

/** What a link was on the host, and whose it is meanwhile. */
interface Loan extends LinkState, Pick<HostLink, 'name' | 'index' | 'kind' | 'permanentMac'> {
  /** Where it was. */
  readonly host: string;
  readonly domain: string;
  /** Where the card is; empty of one that is on no PCI bus. */
  readonly place: string;
}

/** How long a monitor may take to hand one back, or the kernel a card when the network that it was in has ended. */
const RETURN_MS = 3000;

const ip = (...args: readonly string[]) => run(['/sbin/ip', ...args]);

/** Who runs liblxc has its monitor hand them back, daemon or no daemon; this does what that does not. */
export class LentLinks {
  /** The networks of containers that have some, which end no sooner than their links are taken out of them. */
  readonly #networks = new Map<string, number>();
  /** Whose those are of which nothing is written yet. */
  readonly #asked = new Map<string, string>();

  constructor(private readonly parts: LentLinksParts) {}

  /** The link that is the card at a place on a PCI bus; throws where that is not one. */
  cardAt(place: string): CardLink {
    const found = linksAt(place, this.parts.sysfs);
    if (found === undefined)
      throw new EngineError(
        'not-found',
        `this host has no PCI device ${place} (lspci -D shows those it has)`,
        {
          name: place,
        },
      );
    const [link, ...others] = found;
    if (link !== undefined && others.length === 0) return link;
    if (link !== undefined)
      throw new EngineError(
        'unsupported',
        `the PCI device ${place} has several links (${found.map(({ name }) => name).join(', ')}): hand one over by its name, in a <hostdev mode='capabilities' type='net'>`,
        { name: place },
      );
    const loan = this.#loans().find((one) => one.place === place);
    if (loan !== undefined) throw this.#taken(loan.name, loan.domain);
    throw new EngineError(
      'not-found',
      `the PCI device ${place} has no link on this host: it is no network card, no driver for one is bound to it (lspci -k -s ${place}), or another network namespace has its link`,
      { name: place },
    );
  }

  /** Writes down what they are, before they are moved; throws where the host or another domain needs one. */
  async lend(domain: string, links: readonly LentLink[]): Promise<void> {
    const { host, sysfs } = this.parts;
    const found = links.map((link) => {
      const place = placeOfLink(link.host, sysfs) ?? link.place ?? '';
      return { link, loan: loanOf(this.#free(domain, link.host), { host, domain, place }) };
    });
    for (const { loan } of found) this.#asked.set(loan.name, domain);
    try {
      for (const { loan, link } of found) {
        if (!isHardware(loan))
          this.parts.log(
            'warn',
            `the link ${loan.name} of the host is made by software: should the kernel end its container's network with nobody there to take it out, it is gone`,
          );
        await writeAtomically(this.#path(loan.name), `${JSON.stringify(loan)}\n`, { durable: false });
        await prepared(loan, link).catch(async (error: unknown) => {
          await this.#settle(loan);
          throw error;
        });
      }
    } finally {
      for (const { loan } of found) this.#asked.delete(loan.name);
    }
  }

  /** Of a container that runs: while there is a daemon, its links are not lost with it. */
  hold(domain: string, pid: number): void {
    if (this.#networks.has(domain) || !this.#loans().some((loan) => loan.domain === domain)) return;
    const fd = unlessGone(() => openSync(`/proc/${pid}/ns/net`, 'r'));
    if (fd !== undefined) this.#networks.set(domain, fd);
  }

  /** Moves one into a container that runs, and sets it up there. */
  async add(domain: string, link: LentLink, pid: number): Promise<void> {
    const { name, host } = link;
    await this.lend(domain, [link]);
    try {
      await ip('link', 'set', 'dev', host, 'netns', String(pid), 'name', name).catch((error: unknown) => {
        throw String(error).includes('File exists') ? nameTaken(name) : error;
      });
      this.hold(domain, pid);
      await putInside(link, [], pid);
    } catch (error) {
      await this.#giveBack(this.#loanOf(host), `/proc/${pid}/ns/net`);
      throw error;
    }
  }

  /** Takes one out of a container that runs. */
  async remove({ name, host }: LentLink, pid: number): Promise<void> {
    const loan = this.#loanOf(host);
    if (loan === undefined) return;
    if (!pull(loan, `/proc/${pid}/ns/net`) && found(loan, hostLinks()) === undefined)
      throw new EngineError(
        'wrong-state',
        `the container has no link ${name} any more: it has put it into a network of its own; it is handed back with the container's end`,
      );
    await this.#settle(loan);
  }

  isThere = ({ host }: LentLink): boolean => {
    const loan = this.#loanOf(host);
    return loan !== undefined && found(loan, hostLinks()) === undefined;
  };

  /** The domain has ended. */
  async giveBack(domain: string): Promise<void> {
    const fd = this.#networks.get(domain);
    this.#networks.delete(domain);
    try {
      for (const loan of this.#loans().filter((one) => one.domain === domain))
        await this.#giveBack(loan, fd === undefined ? undefined : `/proc/${process.pid}/fd/${fd}`);
    } finally {
      if (fd !== undefined) closeSync(fd);
    }
  }

  /** What a killed daemon left, of domains that do not run, and of those that do what it had not handed over, or taken back. */
  async giveBackAll(running: ReadonlySet<string>): Promise<void> {
    const here = new Set(hostLinks().map(({ index, kind }) => `${index} ${kind}`));
    const isDue = ({ domain, index, kind }: Loan): boolean =>
      !running.has(domain) || here.has(`${index} ${kind}`);
    for (const loan of this.#loans().filter(isDue))
      await this.#giveBack(loan, undefined).catch((error: unknown) =>
        this.parts.log('error', `the link ${loan.name} of the host: ${String(error)}`),
      );
  }

  /** Those that are lent now, with the UUIDs of their domains. */
  lent(): { readonly name: string; readonly domain: string }[] {
    return this.#loans().map(({ name, domain }) => ({ name, domain }));
  }

  close(): void {
    for (const fd of this.#networks.values()) closeSync(fd);
    this.#networks.clear();
  }

  async #giveBack(loan: Loan | undefined, network: string | undefined): Promise<void> {
    if (loan === undefined) return;
    for (const deadline = performance.now() + RETURN_MS; ; await sleep(20)) {
      if (network !== undefined && pull(loan, network)) break;
      if (found(loan, hostLinks()) !== undefined || performance.now() > deadline) break;
    }
    await this.#settle(loan);
  }

  /** It is on the host again, or nowhere. */
  async #settle(loan: Loan): Promise<void> {
    const { name } = loan;
    const tell = (message: string): void =>
      this.parts.log('error', `the link ${name} of the host ${message}`);
    const now = found(loan, hostLinks());
    if (now === undefined) tell('is gone with the container that had it');
    else {
      const own = ownName(now, name);
      if (own !== now.name) renameLink(now.index, own);
      if (own !== name) tell(`is back as ${own}: another link has its name meanwhile`);
      for (const what of restoreLink(now, loan)) tell(`is back, but without ${what}`);
    }
    await rm(this.#path(name), { force: true });
  }

  /** One that nobody needs; throws for any other. */
  #free(domain: string, name: string): HostLink {
    const owner = this.#loanOf(name)?.domain ?? this.#asked.get(name);
    if (owner !== undefined && owner !== domain) throw this.#taken(name, owner);
    const links = hostLinks();
    const index = linkIndex(name);
    const link = links.find((one) => index > 0 && one.index === index);
    if (link === undefined)
      throw new EngineError(
        'not-found',
        `this host has no link '${name}', which is to be handed over (ip link shows those it has)`,
        { name },
      );
    if (link.name !== name)
      throw new EngineError(
        'not-found',
        `this host has no link '${name}' but one that is called so besides: it is handed over as ${link.name}`,
        { name },
      );
    const why = whyNot(name, link, links) ?? this.#usedBy(link);
    if (why !== undefined)
      throw new EngineError('in-use', `the link ${name} of the host cannot be handed over: ${why}`, {
        name,
        users: [],
      });
    return link;
  }

  #taken(name: string, owner: string): EngineError {
    const other = this.parts.nameOf(owner) ?? owner;
    return new EngineError('in-use', `domain '${other}' has the link ${name} of the host`, {
      name,
      users: [other],
    });
  }

  /** What lies on it in a container is not among the host's links. */
  #usedBy({ index, name }: HostLink): string | undefined {
    for (const { name: domain, initPid } of this.parts.running()) {
      const inside = unlessGone(() => linksIn(`/proc/${initPid}/ns/net`)) ?? [];
      if (inside.some(({ kind, elsewhere }) => upperKinds.has(kind) && elsewhere?.index === index))
        return `domain '${domain}' has a link that lies on it`;
    }
    const network = this.parts.forwardsBy(name);
    return network === undefined ? undefined : `the members of network '${network}' leave by it`;
  }

  #path(name: string): string {
    return join(this.parts.folder, name);
  }

  #loans(): Loan[] {
    const { folder } = this.parts;
    const unfinished = new Set(unfinishedIn(folder));
    return readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
      !entry.isFile() || unfinished.has(join(folder, entry.name)) ? [] : (this.#loanOf(entry.name) ?? []),
    );
  }

  #loanOf(name: string): Loan | undefined {
    const loan = parseLoan(unlessGone(() => readFileSync(this.#path(name), 'utf8')) ?? '');
    return loan?.host === this.parts.host && loan.name === name ? loan : undefined;
  }
}

/** What is written down of a link. */
function loanOf(link: HostLink, { host, domain, place }: Pick<Loan, 'host' | 'domain' | 'place'>): Loan {
  const { name, index, kind, permanentMac, mac, mtu } = link;
  const { flags, queueLength, mode, alias, altNames, isUp } = link;
  return {
    ...{ host, domain, place, name, index, kind, permanentMac, mac, mtu },
    ...{ flags, queueLength, mode, alias, altNames, isUp },
  };
}

function parseLoan(text: string): Loan | undefined {
  try {
    const value: unknown = JSON.parse(text);
    // Those of earlier daemons say nothing of their place.
    const whole: unknown = typeof value === 'object' ? { place: '', ...value } : value;
    return isLoan(whole) ? whole : undefined;
  } catch {
    return undefined; // cut off, or an earlier daemon's
  }
}

const kinds: { readonly [K in keyof Loan]-?: 'string' | 'number' | 'boolean' | 'object' } = {
  ...{ host: 'string', domain: 'string', place: 'string', name: 'string', kind: 'string', mac: 'string' },
  ...{ permanentMac: 'string', alias: 'string', altNames: 'object', isUp: 'boolean' },
  ...{ index: 'number', mtu: 'number', flags: 'number', queueLength: 'number', mode: 'number' },
};
const isLoan = (value: unknown): value is Loan =>
  typeof value === 'object' &&
  value !== null &&
  Object.entries(kinds).every(([key, kind]) => {
    const found: unknown = Reflect.get(value, key);
    const isList = Array.isArray(found) && found.every((one) => typeof one === 'string');
    return kind === 'object' ? isList : typeof found === kind;
  });

/** What the document gives it instead of its own is set while the host has it; it goes with what is restored. */
async function prepared({ name, mac, mtu }: Loan, link: LentLink): Promise<void> {
  if (link.mac !== undefined && link.mac !== mac) {
    // Few cards take another address while they are up.
    await ip('link', 'set', 'dev', name, 'down');
    await ip('link', 'set', 'dev', name, 'address', link.mac);
  }
  if (link.mtu !== undefined && link.mtu !== mtu)
    await ip('link', 'set', 'dev', name, 'mtu', String(link.mtu));
}

/** A card is the only thing that the kernel does not make on demand. */
const isHardware = ({ kind }: Pick<HostLink, 'kind'>): boolean => kind === '';

/**
 * A link among those of a network. What it is called, and its address, are the container's to change; its number the kernel changes
 * where another link has it. That of a kind which software makes says less: many VLANs have one address.
 */
function found(loan: Loan, links: readonly HostLink[]): HostLink | undefined {
  const alike = links.filter(({ kind }) => kind === loan.kind);
  return (
    alike.find(({ index }) => index === loan.index) ??
    alike.find(({ permanentMac }) => permanentMac !== '' && permanentMac === loan.permanentMac) ??
    alike.find(({ name }) => name === loan.name) ??
    alike.find(({ mac }) => mac === loan.mac)
  );
}

/** Why the host cannot do without it. */
function whyNot(
  name: string,
  { kind, index, lower, master }: HostLink,
  links: readonly HostLink[],
): string | undefined {
  if (name === 'lo') return 'it is the loopback link';
  if (kind === 'bridge' || kind === 'openvswitch') return 'it is a bridge';
  if (prefixOfEnd(name) !== undefined) return "it is the end of a container's";
  const bridge = links.find((one) => one.index === master);
  if (bridge !== undefined)
    return `it is a port of ${bridge.name}: take it out first (ip link set ${name} nomaster)`;
  // Two ends of a pair lie on each other, in the kernel's account.
  const upper = links.find((one) => one.lower === index && lower !== one.index);
  if (upper !== undefined) return `${upper.name} lies on it`;
  if (hostAddresses().some(({ link }) => link === name))
    return `the host has addresses on it, and would be cut off: take them away first (ip address flush dev ${name})`;
  const isNeeded = hostRoutes().some(
    ({ link, address: [a, b] }) => link === name && !(a === 0xfe && b === 0x80),
  );
  if (isNeeded || defaultLinks().includes(name)) return 'the host has routes by it, and would be cut off';
  return undefined;
}

/** Kinds of links that lie on another one, wherever that is moved. */
const upperKinds: ReadonlySet<string> = new Set(['macvlan', 'macvtap', 'ipvlan', 'ipvtap', 'vlan', 'macsec']);

/** Out of a container's network, whatever became of it there, with nothing left that lies on it; false if it is not there. */
function pull(loan: Loan, network: string): boolean {
  const own = found(loan, unlessGone(() => linksIn(network)) ?? []);
  if (own === undefined) return false;
  dropAltNamesIn(
    network,
    own.index,
    own.altNames.filter((name) => !loan.altNames.includes(name)),
  );
  const name = ownName(undefined, loan.name);
  takeLink(network, own.index, name);
  const index = linkIndex(name);
  for (const { kind, index: above, elsewhere } of linksIn(network))
    if (elsewhere?.index === index && upperKinds.has(kind)) deleteLinkIn(network, above);
  return true;
}

/** Its own, or with a number while another link has that; `now` is what it is called here already. */
function ownName(now: Pick<HostLink, 'name'> | undefined, name: string): string {
  let free = name;
  for (let number = 1; free !== now?.name && hasLink(free); number++) free = `${name.slice(0, 11)}.${number}`;
  return free;
}
