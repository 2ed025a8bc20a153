// A daemon in a world of its own: a root folder, an enclosure, its client, and what it may leave behind (nothing).
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { ApiError, type ErrorCode } from '@ctvirt/api';
import type { ApiClient } from '@ctvirt/api/node';
import { strictClient } from '@ctvirt/api/testing';
import { type Outcome, type RunOptions, run } from './command.js';
import { Enclosure } from './enclosure.js';
import { cgroupName, cgroupsOf, type Inventory, inventory, processesOf, profileName } from './inventory.js';
import { SmallDisk } from './small-disk.js';
import { assertUnchanged, waitFor } from './wait.js';

const packages = new URL('../../../packages/', import.meta.url);
const built = (path: string): string => fileURLToPath(new URL(path, packages));
export const daemonProgram = built('daemon/dist/ctvirtd.mjs');
export const cliProgram = built('cli/dist/ctvirt.cjs');

/** The template most stories use. */
export const busybox = 'busybox';

export interface WorldOptions {
  /** The size of a disk of its own, which can be filled; without it the world lies on the host's. */
  readonly diskMiB?: number;
  /** The folder it lies in; without it, that of temporary files. */
  readonly parent?: string;
  /** What the daemon has in its environment beside PATH. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface LaunchOptions {
  /** A command line that becomes the daemon, whose own follows it. */
  readonly through?: readonly string[];
}

export class World {
  #daemon: ChildProcess | undefined;
  #client: ApiClient | undefined;
  #log = '';
  #empty: Inventory | undefined;
  #disk: SmallDisk | undefined;

  private constructor(
    readonly root: string,
    readonly enclosure: Enclosure,
    private readonly env: Readonly<Record<string, string>>,
  ) {}

  /** A running daemon with the busybox template. */
  static async open({ diskMiB, parent = '/tmp', env = {} }: WorldOptions = {}): Promise<World> {
    assert.equal(process.getuid?.(), 0, 'these tests run containers: start them as root');
    // Short: the address of liblxc's command socket has to fit in 107 bytes.
    const root = await mkdtemp(`${parent}/cv`);
    const world = new World(root, await Enclosure.create(), env);
    try {
      if (diskMiB !== undefined) world.#disk = await SmallDisk.mount(world.enclosure, root, diskMiB);
      await chmod(world.#seen(root), 0o711);
      await mkdir(world.#seen(world.host), { mode: 0o755 });
      world.#empty = await inventory(root, world.enclosure);
      await world.start();
      await world.client.templates.build({ template: busybox, body: { distribution: 'busybox' } });
      return world;
    } catch (error) {
      await world.abandon();
      throw error;
    }
  }

  get client(): ApiClient {
    if (this.#client === undefined) throw new Error('the daemon does not run');
    return this.#client;
  }

  get disk(): SmallDisk {
    return this.#disk ?? assert.fail('this world has no disk of its own');
  }

  get socket(): string {
    return this.#seen(`${this.root}/run/http.sock`);
  }

  /** Where libvirt's clients find this daemon, by a scheme such as `lxc`; `more` follows in the query. */
  uri(scheme: string, more = ''): string {
    return `${scheme}+unix:///system?socket=${this.root}/run/libvirt-sock${more}`;
  }

  /** A disk of its own is mounted in the enclosure alone. */
  #seen(path: string): string {
    return this.#disk === undefined ? path : this.enclosure.path(path);
  }

  /** A folder for what a story puts on the host itself; it is not counted as the daemon's. */
  get host(): string {
    return `${this.root}/host`;
  }

  /** What the daemons of this world have logged so far. */
  get log(): string {
    return this.#log;
  }

  /** Resolves when the daemons have logged that; what they logged instead is told. */
  async logged(line: RegExp, timeoutMs?: number): Promise<void> {
    await waitFor(`the log to say ${line}`, () => line.test(this.#log), timeoutMs).catch((cause: unknown) =>
      assert.fail(`${String(cause)}, but:\n${this.#log}`),
    );
  }

  get daemonPid(): number {
    return this.#daemon?.pid ?? assert.fail('the daemon does not run');
  }

  /** Starts the daemon and resolves when it answers. */
  async start(options: LaunchOptions = {}): Promise<void> {
    this.launch(options);
    await this.ready();
  }

  /** Starts the daemon without waiting. */
  launch({ through = [] }: LaunchOptions = {}): void {
    const argv = [...through, process.execPath, daemonProgram, '--root', this.root];
    const [file = '', ...args] = this.enclosure.argv(...argv);
    const daemon = spawn(file, args, {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { PATH: process.env['PATH'], ...this.env },
    });
    daemon.stderr.setEncoding('utf8').on('data', (text: string) => (this.#log += text));
    this.#daemon = daemon;
    this.#client = strictClient({ socketPath: this.socket });
  }

  async ready(): Promise<void> {
    await waitFor('the daemon to answer', async () => {
      if (this.#daemon?.exitCode !== null) throw new Error(`the daemon ended by itself:\n${this.#log}`);
      return this.client.host.version().then(
        () => true,
        () => false,
      );
    }).catch((cause: unknown) => assert.fail(`${String(cause)}; meanwhile:\n${this.#waits()}\n${this.#log}`));
  }

  /** What each process of this world waits for in the kernel. */
  #waits(): string {
    return this.processes()
      .map((line) => {
        const proc = `/proc/${line.split(' ')[0]}`;
        return `${line}: ${readOr(`${proc}/wchan`)} ${readOr(`${proc}/syscall`)}${readOr(`${proc}/stack`)}`;
      })
      .join('\n');
  }

  /** Asks the daemon to end, as Ctrl-C does; containers go on. */
  async stop(): Promise<void> {
    await this.#end('SIGINT');
  }

  /** Ends whoever reads the daemon's log, as Ctrl-C does with `ctvirtd | tee`. */
  deafen(): void {
    this.#daemon?.stderr?.destroy();
  }

  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const daemon = this.#daemon;
    if (daemon === undefined) return;
    this.#client?.close();
    this.#client = undefined;
    this.#daemon = undefined;
    if (daemon.exitCode !== null || daemon.signalCode !== null) return;
    const gone = new Promise<void>((resolve) => daemon.once('exit', () => resolve()));
    daemon.kill(signal);
    await gone;
  }

  /** The same as a process of its own, which a test may end. */
  startCli(args: readonly string[], stdin: 'ignore' | 'pipe' = 'ignore'): ChildProcess {
    return spawn(process.execPath, [cliProgram, ...args], {
      stdio: [stdin, 'pipe', 'inherit'],
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', CTVIRT_ROOT: this.#seen(this.root) },
    });
  }

  cli(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
    return run([process.execPath, cliProgram, ...args], {
      ...options,
      env: { CTVIRT_ROOT: this.#seen(this.root), ...options.env },
    });
  }

  /** The same for what has to work; returns what it prints. */
  async ctvirt(...words: readonly string[]): Promise<string> {
    const { status, stdout, stderr } = await this.cli(words);
    assert.equal(status, 0, `${words.join(' ')}: ${stderr}`);
    return stdout;
  }

  /** Defines a domain and returns what was found in its document. */
  async define(xml: string) {
    return await this.client.domains.define({ body: xml });
  }

  /** Defines and starts; resolves when init runs. */
  async run(xml: string): Promise<string> {
    const { domain } = await this.define(xml);
    await this.client.domains.start({ domain: domain.name });
    return domain.name;
  }

  /** Runs a program inside. */
  async exec(domain: string, ...argv: readonly string[]): Promise<Outcome> {
    const session = await this.client.domains.exec({ domain, open: { argv: [...argv] } });
    session.stdin.end();
    const [stdout, stderr, status] = await Promise.all([
      textOf(session.stdout),
      textOf(session.stderr),
      session.exited,
    ]);
    return { status, stdout, stderr };
  }

  /** A shell line inside that must succeed; returns what it wrote, without the last line break. */
  async shell(domain: string, line: string): Promise<string> {
    const { status, stdout, stderr } = await this.exec(domain, '/bin/sh', '-c', line);
    assert.equal(status, 0, `${line}: ${stderr}${stdout}`);
    return stdout.trimEnd();
  }

  /** What is to be seen below the path on which the root of a domain that is off is mounted meanwhile. */
  async look<T>(domain: string, see: (root: string) => T | Promise<T>): Promise<T> {
    const { domains } = this.client;
    const { path } = await domains.mountRoot({ domain });
    try {
      return await see(this.enclosure.path(path));
    } finally {
      await domains.unmountRoot({ domain });
    }
  }

  async state(domain: string): Promise<string> {
    const { state, reason } = await this.client.domains.summary({ domain });
    return `${state} (${reason})`;
  }

  async waitForState(domain: string, wanted: string, timeoutMs = 60_000): Promise<void> {
    let seen = '';
    await waitFor(
      `domain '${domain}' to be ${wanted}`,
      async () => (seen = await this.state(domain)) === wanted,
      timeoutMs,
    ).catch((cause: unknown) => assert.fail(`${String(cause)}: it is ${seen}\n${this.#log}`));
  }

  /** Destroys and undefines with storage, whatever it does now. */
  async erase(...domains: readonly string[]): Promise<void> {
    for (const domain of domains) {
      if ((await this.client.domains.summary({ domain })).state !== 'shutoff')
        await this.client.domains.destroy({ domain });
      await this.client.domains.undefine({ domain, storage: true });
    }
  }

  /** The same of every domain. */
  async eraseAll(): Promise<void> {
    await this.erase(...(await this.client.domains.list()).map(({ name }) => name));
  }

  /** Erases every domain, and what is kept of those before them, and asserts that nothing of them is left. */
  async clearKept(): Promise<void> {
    await this.eraseAll();
    for (const { name } of await this.client.roots.list()) await this.client.roots.erase({ root: name });
    await this.assertClean();
  }

  /** Stops every network, and undefines all but `default`. */
  async eraseNetworks(): Promise<void> {
    const { networks } = this.client;
    for (const { name, active, persistent } of await networks.list()) {
      if (active) await networks.stop({ network: name });
      if (persistent && name !== 'default') await networks.undefine({ network: name });
    }
  }

  /** Erases every domain, and asserts that nothing of them is left. */
  async clear(): Promise<void> {
    await this.eraseAll();
    await this.assertClean();
  }

  /** Processes of this world as "PID COMMAND LINE", the daemon's own among them. */
  processes(): string[] {
    return processesOf(this.root, this.enclosure);
  }

  /** The processes that show containers their own limits, the youngest last; those that containers no longer have end soon. */
  lxcfs(): number[] {
    const folder = this.#seen(`${this.root}/run/lxcfs`);
    if (!existsSync(folder)) return [];
    return readdirSync(folder)
      .map((device) => readOr(`${folder}/${device}`).split(' ').map(Number))
      .filter(([pid, ticks]) => readOr(`/proc/${pid}/cmdline`) !== '' && ticksOf(pid) === ticks)
      .sort(([, a = 0], [, b = 0]) => a - b)
      .map(([pid = 0]) => pid);
  }

  /** What the host holds of this world beyond an empty one and the daemon's own processes. */
  async leftovers(): Promise<Inventory> {
    const found = await inventory(this.root, this.enclosure);
    const daemon = this.#daemon?.pid;
    const own = daemon === undefined ? [] : [`${daemon} `];
    return {
      ...found,
      loops: found.loops.filter((loop) => !loop.includes(` ${this.host}/`)),
      cgroups: found.cgroups.filter((folder) => !emptyGroup.test(folder)),
      // They stay for the next links, and go with the daemon.
      tables: found.tables.filter(
        (table) => daemon === undefined || !table.endsWith(` ${cgroupName(this.root)}`),
      ),
      links: found.links.filter((link) => !(this.#empty?.links ?? []).includes(link)),
      profiles: found.profiles.filter((line) => !line.startsWith(`${profileName(this.root)} `)),
      processes: found.processes.filter(
        (line) =>
          !own.some((prefix) => line.startsWith(prefix)) &&
          !/ (\/usr\/bin\/unshare --user )?\/bin\/cat$/.test(line) &&
          // While there is a daemon: afterwards it has to end with the last container.
          (daemon === undefined || !/ \/usr\/bin\/lxcfs --foreground .* \/dev\/fd\/3$/.test(line)),
      ),
    };
  }

  /** What lies in the folders of its domains' files, two levels deep. */
  files(): string[] {
    const folder = this.#seen(`${this.root}/lib/roots`);
    return readdirSync(folder).flatMap((entry) => [
      `${folder}/${entry}`,
      ...namesIn(`${folder}/${entry}`).map((name) => `${folder}/${entry}/${name}`),
    ]);
  }

  /** Everything there is of this world, to be compared with later. */
  async everything(): Promise<unknown> {
    // The next daemon's lxcfs is another process.
    const owned = (await this.client.check.list()).owned.filter(({ kind }) => kind !== 'process');
    const files = ['domains', 'roots', 'templates'].flatMap((folder) =>
      readdirSync(this.#seen(`${this.root}/lib/${folder}`)).map((name) => `lib/${folder}/${name}`),
    );
    const runtime = ['mnt', 'domains', 'lxc'].flatMap((folder) =>
      readdirSync(this.#seen(`${this.root}/run/${folder}`)).map((name) => `run/${folder}/${name}`),
    );
    const left = await this.leftovers();
    // One that has just ended has no command line, and waits for its parent.
    const processes = left.processes.filter((line) => !/^\d+ $/.test(line));
    return { ...left, processes, owned, files, runtime };
  }

  /** Nothing runs, and nothing of what ran is left. */
  async assertClean(): Promise<void> {
    const { stray } = await this.client.check.list();
    assert.deepEqual(stray, [], "strays by the daemon's own account");
    // Of thousands of files the rest is erased beside all else, on a busy disk for longer than anything else is waited for.
    const isErased = () =>
      !namesIn(this.#seen(`${this.root}/lib/roots`)).some((one) => one.startsWith('.gone-'));
    await waitFor('what is gone to be erased', isErased, 60_000);
    // A process that was just ended may wait for its parent, a loop device for the last reader of its file.
    await assertUnchanged(nothing, () => this.leftovers(), 'left on the host');
  }

  /** Asserts that all domains are gone with everything they had, then takes the world down. */
  async close(): Promise<void> {
    try {
      if (this.#daemon === undefined) await this.start();
      await this.assertClean();
      const { owned } = await this.client.check.list();
      assert.deepEqual(
        owned.filter(({ owner }) => owner !== 'daemon' && !owner?.startsWith('template ')),
        [],
        'still owned',
      );
      await this.stop();
      // Processes that wait for work end with the daemon, in their own time.
      const look = () => inventory(this.root, this.enclosure);
      await assertUnchanged(this.#empty, look, 'left after the daemon ended');
    } finally {
      await this.abandon();
    }
  }

  /** Takes the world down as it is, after a failed test: ends what runs in it, so that the next one meets a clean host. */
  async abandon(): Promise<void> {
    await this.kill();
    for (let tries = 0; tries < 50; tries++) {
      const pids = this.processes().map((line) => Number(line.split(' ')[0]));
      if (pids.length === 0) break;
      for (const pid of pids) kill(pid);
      thaw(this.root);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const { mounts, cgroups } = await inventory(this.root, this.enclosure);
    for (const target of [...mounts].reverse()) await run(['umount', '-l', target]);
    for (const folder of [...cgroups].reverse()) await run(['rmdir', folder]);
    await this.enclosure.close();
    if (existsSync(this.root)) await rm(this.root, { recursive: true, force: true });
  }
}

/** Of a suspended domain on cgroup v1 nothing ends before it goes on. */
function thaw(root: string): void {
  for (const folder of cgroupsOf(root).filter((path) => path.includes('/freezer/')))
    try {
      writeFileSync(`${folder}/freezer.state`, 'THAWED');
    } catch {
      // It has just gone.
    }
}

/** The group of all containers, and where liblxc parks its monitors: the daemon removes both when it ends. */
const emptyGroup = /\/ctvirt-[0-9a-f]+(\/lxc\.pivot)?$/;

export const nothing: Inventory = {
  mounts: [],
  loops: [],
  links: [],
  cgroups: [],
  processes: [],
  tables: [],
  profiles: [],
};

/** Asserts that a call is refused with this code. */
export async function refused(code: ErrorCode, call: Promise<unknown>): Promise<ApiError> {
  try {
    await call;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    assert.equal(error.code, code, error.message);
    return error;
  }
  assert.fail(`not refused: expected ${code}`);
}

async function textOf(stream: NodeJS.ReadableStream): Promise<string> {
  let text = '';
  for await (const chunk of stream) text += String(chunk);
  return text;
}

function readOr(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    return `(${String(error)})`;
  }
}

/** When it started, in the kernel's ticks. */
const ticksOf = (pid: number | undefined): number =>
  Number(readOr(`/proc/${pid}/stat`).split(') ').at(-1)?.split(' ')[19]);

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // ended meanwhile
  }
}

/** None of a folder that goes meanwhile. */
function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
