// The dnsmasq of one network: a process that outlives the daemon, and is known again by the file it was started with.
// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { EngineError, isFault } from '../../errors.js';
import { readIfThere, writeAtomically } from '../../host/files.js';
import { killExactly } from '../../host/pidfd.js';
import { commandLine, hasEnded, startTicks } from '../../host/processes.js';
import { run } from '../../host/run.js';
import type { HeldLease, Member, OwnBridge } from '../contract/plan.js';
import { configText, type DnsmasqFiles, type DnsmasqUser, hostsText, namesText } from './dnsmasq-config.js';
import { leftLeases, readLeases, serverId, withoutTaken } from './lease-file.js';
import { release } from './release.js';

/** Debian's package dnsmasq-base. */
export const DNSMASQ = '/usr/sbin/dnsmasq';
const END_WAIT_MS = 2000;
const START_WAIT_MS = 10_000;
/** Read by dnsmasq when it is root no more. */
const READABLE = 0o644;

interface Process {
  readonly pid: number;
  readonly ticks: number;
}

const optionOf = (file: string): string => `--conf-file=${file}`;

/** Starts, tells, and ends it. */
export class Dnsmasq {
  #process: Process | undefined;
  /** What the files have that only we write, by path, so that they need not be read again. */
  readonly #written = new Map<string, string>();

  constructor(private readonly files: DnsmasqFiles) {}

  /** It runs with this configuration and these members when this resolves, whatever it did before. */
  async serve(bridge: OwnBridge, members: readonly Member[]): Promise<void> {
    const { files } = this;
    const config = configText(bridge, files, dnsmasqUser());
    // Whoever took it away may have touched its files, too.
    this.#written.clear();
    const isSame = (await readIfThere(files.config)) === config;
    if (isSame && this.isUp()) return await this.know(bridge, members);
    if (this.isUp()) await this.end();
    await writeAtomically(files.config, config, { durable: false });
    await this.#write(bridge, members);
    await this.#start(bridge, members);
  }

  /** Tells one that runs who is called what, and has which address. */
  async know(bridge: OwnBridge, members: readonly Member[]): Promise<void> {
    const isNew = await this.#write(bridge, members);
    if (isNew && (await this.#takenLeases(members)) !== undefined) {
      // It reads its leases when it starts, and never again.
      await this.end();
      await this.#start(bridge, members);
    } else if (isNew) this.#signal('SIGHUP');
    await this.#endLeft(bridge, members);
  }

  /** It knows a machine of IPv6 by a name that the machine has made up, perhaps anew at each start. */
  async #endLeft({ name }: OwnBridge, members: readonly Member[]): Promise<void> {
    const text = (await readIfThere(this.files.leases)) ?? '';
    await release(name, leftLeases(text, members, new Date()), serverId(text));
  }

  async #start({ name }: OwnBridge, members: readonly Member[]): Promise<void> {
    const { config, leases } = this.files;
    const left = await this.#takenLeases(members);
    if (left !== undefined) await writeAtomically(leases, left, { durable: false });
    try {
      // It answers by the time that it leaves its first process, which says what is wrong.
      await run([DNSMASQ, optionOf(config)], { timeoutMs: START_WAIT_MS });
    } catch (cause) {
      throw refusal(cause, name);
    }
    this.#process = this.#find();
    if (this.#process === undefined)
      throw new EngineError('host-command', `dnsmasq of bridge ${name} ended when it had just started`);
  }

  /** What the leases are to be without those that stand in a member's way; undefined where there are none. */
  async #takenLeases(members: readonly Member[]): Promise<string | undefined> {
    const text = (await readIfThere(this.files.leases)) ?? '';
    const left = withoutTaken(text, members);
    return left === text ? undefined : left;
  }

  /** Whether it runs, be it that an earlier daemon started it. */
  isUp(): boolean {
    this.#process ??= this.#find();
    if (this.#process !== undefined && hasEnded(this.#process.pid, this.#process.ticks))
      this.#process = undefined;
    return this.#process !== undefined;
  }

  /** All there are of this configuration: who was killed while he started one knew its pid as little as we do. */
  async end(): Promise<void> {
    const { config } = this.files;
    const ended = new Map(
      processesOf(config).flatMap((pid) => {
        const ticks = startTicks(pid);
        return ticks === undefined ? [] : [[pid, ticks] as const];
      }),
    );
    this.#process = undefined;
    const meant = (): number[] => [...ended.keys()].filter((pid) => isOf(config, pid));
    const deadline = performance.now() + END_WAIT_MS;
    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      killExactly([...ended.keys()], meant, signal);
      for (;;) {
        if ([...ended].every(([pid, ticks]) => hasEnded(pid, ticks))) return;
        if (signal === 'SIGTERM' && performance.now() > deadline) break;
        await sleep(2);
      }
    }
  }

  async leases(members: readonly Member[]): Promise<HeldLease[]> {
    const text = await readIfThere(this.files.leases);
    return readLeases(text ?? '', members, new Date());
  }

  /** Whether anything was not written already. */
  async #write(bridge: OwnBridge, members: readonly Member[]): Promise<boolean> {
    const { hosts, names } = this.files;
    let isNew = false;
    for (const [path, text] of [
      [hosts, hostsText(bridge, members)],
      [names, namesText(bridge, members)],
    ] as const) {
      if ((this.#written.get(path) ?? (await readIfThere(path))) === text) continue;
      await writeAtomically(path, text, { durable: false, mode: READABLE });
      this.#written.set(path, text);
      isNew = true;
    }
    return isNew;
  }

  #signal(signal: NodeJS.Signals): void {
    if (!this.isUp() || this.#process === undefined) return;
    const { pid, ticks } = this.#process;
    killExactly([pid], () => (startTicks(pid) === ticks ? [pid] : []), signal);
  }

  /** By the file in which it writes its pid, which may be another's by now. */
  #find(): Process | undefined {
    let pid: number;
    try {
      pid = Number(readFileSync(this.files.pid, 'utf8'));
    } catch {
      return undefined;
    }
    if (!Number.isSafeInteger(pid) || pid <= 1 || !isOf(this.files.config, pid)) return undefined;
    const ticks = startTicks(pid);
    return ticks === undefined ? undefined : { pid, ticks };
  }
}

const isOf = (config: string, pid: number): boolean => {
  const [program, ...words] = commandLine(pid);
  return program === DNSMASQ && words.includes(optionOf(config));
};

const processesOf = (config: string): number[] => allPids().filter((pid) => isOf(config, pid));

const allPids = (): number[] => readdirSync('/proc').map(Number).filter(Number.isSafeInteger);

/** Those whose configuration lies below a folder, with its path. */
export const dnsmasqsBelow = (folder: string): { pid: number; config: string }[] =>
  allPids().flatMap((pid) => {
    const [program, ...words] = commandLine(pid);
    const start = optionOf(`${folder}/`);
    const option = program === DNSMASQ ? words.find((word) => word.startsWith(start)) : undefined;
    return option === undefined ? [] : [{ pid, config: option.slice(optionOf('').length) }];
  });

/** The package makes a user for it; where there is none, nobody. */
export function dnsmasqUser(): DnsmasqUser {
  const users = entries('/etc/passwd');
  const user = users.find(([name]) => name === 'dnsmasq') ?? users.find(([name]) => name === 'nobody');
  const group = entries('/etc/group').find(([, , id]) => id === user?.[3]);
  if (user?.[0] === undefined || group?.[0] === undefined)
    throw new EngineError('unsupported', 'there is neither a user dnsmasq nor nobody on the host');
  return { name: user[0], group: group[0] };
}

const entries = (path: string): string[][] =>
  readFileSync(path, 'utf8')
    .split('\n')
    .map((line) => line.split(':'));

function refusal(cause: unknown, name: string): unknown {
  if (!isFault(cause, 'host-command')) return cause;
  const { details, message } = cause;
  if (/not installed/.test(message))
    return new EngineError('unsupported', missingDnsmasq, { argv: [DNSMASQ] }, { cause });
  const said = details.stderr?.trim() ?? '';
  if (/Address already in use/.test(said)) {
    const [service, without] = said.includes('DHCP')
      ? ['DHCP', '<dhcp>']
      : ['DNS', 'DNS (<dns enable="no"/>)'];
    return new EngineError(
      'in-use',
      `dnsmasq does not start on bridge ${name}: another program answers ${service} on all addresses of this host; let that one listen on links of its own alone (of dnsmasq: bind-dynamic), or define the network without ${without}`,
      { name: `${service} on ${name}`, users: [] },
      { cause },
    );
  }
  // Root's watches of files, of which a host has 128 by default: nothing of this daemon's.
  if (/inotify/.test(said))
    return new EngineError(
      'busy',
      `dnsmasq does not start on bridge ${name}: ${said}; raise fs.inotify.max_user_instances, then try again`,
      details,
      { cause, errno: 'EMFILE' },
    );
  return new EngineError(
    'host-command',
    `dnsmasq does not start on bridge ${name}: ${said === '' ? message : said}`,
    details,
    { cause },
  );
}

/** What to do where it is not there. */
export const missingDnsmasq =
  "no network gives addresses and names without dnsmasq: install Debian's package dnsmasq-base";
