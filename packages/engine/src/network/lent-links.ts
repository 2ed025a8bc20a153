// Links of the host that containers have: moved in as they are, and back with the name and the state they had, whoever ended what.
// SPDX-License-Identifier: Apache-2.0
import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EngineError } from '../errors.js';
import { linkAddresses } from '../host/addresses.js';
import { unfinishedIn, writeAtomically } from '../host/files.js';
import { unlessGone } from '../host/gone.js';
import { type HostLink, hostLinks, linkNamed } from '../host/host-links.js';
import { hasLink, linkIndex } from '../host/links.js';
import { run } from '../host/run.js';
import { defaultLinks, hostAddresses, hostRoutes } from '../host/subnets.js';
import { type LinkPlan, prefixOfEnd } from './link-plan.js';
import { nameTaken, putInside } from './live-links.js';

/** A link of the host that a document asks for; it keeps its name. */
export type LentLink = Pick<LinkPlan, 'name' | 'addresses' | 'gateways' | 'routes'>;

/** Dependencies of `LentLinks`. */
export interface LentLinksParts {
  /** A file for each of them. */
  readonly folder: string;
  /** Names this network of the host as long as the host is up: what is written of another says nothing of its links. */
  readonly host: string;
  /** The name of a domain, by its UUID. */
  readonly nameOf: (uuid: string) => string | undefined;
  readonly log: (level: 'info' | 'warn' | 'error', message: string) => void;
}

/** What a link was on the host, and whose it is meanwhile. */
interface Loan {
  readonly domain: string;
  readonly name: string;
  readonly mac: string;
  readonly mtu: number;
  readonly isUp: boolean;
  readonly isHardware: boolean;
}

/** How long a monitor may take to hand one back, or the kernel a card when the network that it was in has ended. */
const RETURN_MS = 3000;

const ip = (...args: readonly string[]) => run(['/sbin/ip', ...args]);

/** Who runs liblxc has its monitor hand them back, daemon or no daemon; this does what that does not. */
export class LentLinks {
  /** The networks of containers that have some, which end no sooner than their links are taken out of them. */
  readonly #networks = new Map<string, number>();

  constructor(private readonly parts: LentLinksParts) {}

  /** Writes down what they are, before they are moved; throws where the host or another domain needs one. */
  async lend(domain: string, links: readonly LentLink[]): Promise<void> {
    const found = links.map(({ name }) => ({ ...this.#free(domain, name), name }));
    for (const { name, mac, mtu, isUp, kind } of found) {
      const isHardware = kind === '';
      if (!isHardware)
        this.parts.log(
          'warn',
          `the link ${name} of the host is made by software: should the kernel end its container's network with nobody there to take it out, it is gone`,
        );
      const state = [mac, mtu, isUp ? 'up' : 'down', isHardware ? 'card' : 'made'];
      const words = [this.parts.host, domain, ...state, name];
      await writeAtomically(this.#path(name), `${words.join(' ')}\n`, { durable: false });
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
    const { name } = link;
    await this.lend(domain, [link]);
    try {
      await ip('link', 'set', name, 'netns', String(pid)).catch((error: unknown) => {
        throw String(error).includes('File exists') ? nameTaken(name) : error;
      });
      this.hold(domain, pid);
      await putInside({ ...link, up: true }, [], pid);
    } catch (error) {
      await this.#giveBack(this.#loanOf(name), `/proc/${pid}/ns/net`);
      throw error;
    }
  }

  /** Takes one out of a container that runs. */
  async remove({ name }: LentLink, pid: number): Promise<void> {
    const loan = this.#loanOf(name);
    if (loan === undefined) return;
    if (!hasLink(name) && !(await pull(loan, `/proc/${pid}/ns/net`)))
      throw new EngineError(
        'wrong-state',
        `the container has no link ${name} with address ${loan.mac} any more: it has changed both; it is handed back with the container's end`,
      );
    await this.#settle(loan);
  }

  isThere = ({ name }: LentLink): boolean => !hasLink(name);

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

  /** What a killed daemon left, of domains that do not run. */
  async giveBackAll(running: ReadonlySet<string>): Promise<void> {
    for (const loan of this.#loans().filter((one) => !running.has(one.domain)))
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
    const { name, isHardware, mac } = loan;
    for (const deadline = performance.now() + RETURN_MS; !hasLink(name); await sleep(20)) {
      if (network !== undefined && (await pull(loan, network))) break;
      // The kernel gives it another name where its own is taken at that moment.
      const other = isHardware ? hostLinks().find((one) => one.kind === '' && one.mac === mac) : undefined;
      if (other !== undefined) await ip('link', 'set', other.name, 'down', 'name', name);
      else if (performance.now() > deadline) break;
    }
    await this.#settle(loan);
  }

  /** It is on the host again, or nowhere. */
  async #settle({ name, mac, mtu, isUp }: Loan): Promise<void> {
    const now = linkNamed(name);
    if (now === undefined)
      this.parts.log('error', `the link ${name} of the host is gone with the container that had it`);
    else {
      if (now.mac !== mac) await ip('link', 'set', name, 'down', 'address', mac);
      if (now.mtu !== mtu) await ip('link', 'set', name, 'mtu', String(mtu));
      await ip('link', 'set', name, isUp ? 'up' : 'down');
    }
    await rm(this.#path(name), { force: true });
  }

  /** One that nobody needs; throws for any other. */
  #free(domain: string, name: string): HostLink {
    const loan = this.#loanOf(name);
    if (loan !== undefined && loan.domain !== domain) {
      const other = this.parts.nameOf(loan.domain) ?? loan.domain;
      throw new EngineError('in-use', `domain '${other}' has the link ${name} of the host`, {
        name,
        users: [other],
      });
    }
    const links = hostLinks();
    const index = linkIndex(name);
    const link = links.find((one) => index > 0 && one.index === index);
    if (link === undefined)
      throw new EngineError(
        'not-found',
        `this host has no link '${name}', which is to be handed over (ip link shows those it has)`,
        { name },
      );
    const why = whyNot(name, link, links);
    if (why !== undefined)
      throw new EngineError('in-use', `the link ${name} of the host cannot be handed over: ${why}`, {
        name,
        users: [],
      });
    return link;
  }

  #path(name: string): string {
    return join(this.parts.folder, name);
  }

  #loans(): Loan[] {
    const { folder } = this.parts;
    const unfinished = new Set(unfinishedIn(folder));
    return readdirSync(folder).flatMap((name) =>
      unfinished.has(join(folder, name)) ? [] : (this.#loanOf(name) ?? []),
    );
  }

  #loanOf(name: string): Loan | undefined {
    const text = unlessGone(() => readFileSync(this.#path(name), 'utf8')) ?? '';
    const [host, domain, mac, mtu, state, made, own] = text.trimEnd().split(' ');
    if (host !== this.parts.host || domain === undefined || mac === undefined || own !== name)
      return undefined;
    return { domain, name, mac, mtu: Number(mtu), isUp: state === 'up', isHardware: made === 'card' };
  }
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

/** Out of a container's network, by address or by name, whatever else became of it; false if it is not there. */
async function pull({ name, mac }: Loan, network: string): Promise<boolean> {
  const found = await linkAddresses(network);
  const own = found.find((link) => link.mac === mac) ?? found.find((link) => link.name === name);
  if (own === undefined) return false;
  const inside = ['/usr/bin/nsenter', `--net=${network}`, '--', '/sbin/ip', 'link', 'set'] as const;
  await run([...inside, own.name, 'down', 'netns', String(process.pid), 'name', name]);
  return true;
}
