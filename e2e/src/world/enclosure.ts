// Where a daemon under test lives: a network without a way out, and a view of /sys that goes with it.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readlinkSync } from 'node:fs';
import { mkdtemp, rmdir } from 'node:fs/promises';
import { type Outcome, output, type RunOptions, run } from './command.js';
import { waitFor } from './wait.js';

/** What the host has elsewhere on its network card, as the source of what it sends; both are for documentation. */
export const hostAddress = { v4: '198.51.100.1', v6: '2001:db8:ff::1' } as const;

const fetcher = `
require('node:http').get(process.argv[1], { timeout: 3000 }, (answer) => answer.pipe(process.stdout))
  .on('timeout', function () { this.destroy(new Error('timeout')); })
  .on('error', (error) => { process.stderr.write(error.message); process.exitCode = 1; });
`;

export class Enclosure {
  private constructor(private readonly keeper: ChildProcess) {}

  /** Namespaces for network and mounts, kept by a sleeping process; everything else is the host's. */
  static async create(): Promise<Enclosure> {
    const keeper = spawn('/usr/bin/unshare', ['--net', '--mount', '--', '/bin/sleep', 'infinity'], {
      stdio: 'ignore',
      env: {},
    });
    const enclosure = new Enclosure(keeper);
    await waitFor(
      'the namespaces',
      () => readlinkSync(enclosure.#namespace('mnt')) !== readlinkSync('/proc/self/ns/mnt'),
    );
    await enclosure.#mountSys();
    await enclosure.output('ip', 'link', 'set', 'lo', 'up');
    for (const address of [hostAddress.v4, hostAddress.v6])
      await enclosure.output('ip', 'address', 'add', address, 'dev', 'lo');
    for (const family of ['-4', '-6'])
      assert.equal(await enclosure.output('ip', family, 'route', 'show', 'default'), '');
    return enclosure;
  }

  /** liblxc looks for bridges in /sys, which shows the network of whoever mounted it. */
  async #mountSys(): Promise<void> {
    const aside = await mkdtemp('/tmp/cvsys');
    await this.output('mount', '--rbind', '/sys/fs/cgroup', aside);
    await this.output('mount', '-t', 'sysfs', 'sysfs', '/sys');
    await this.output('mount', '--move', aside, '/sys/fs/cgroup');
    await rmdir(aside);
    if (existsSync('/sys/kernel/security/apparmor'))
      await this.output('mount', '-t', 'securityfs', 'securityfs', '/sys/kernel/security');
  }

  /** The program in these namespaces. */
  argv(...argv: readonly string[]): string[] {
    return [
      '/usr/bin/nsenter',
      `--net=${this.#namespace('net')}`,
      `--mount=${this.#namespace('mnt')}`,
      '--',
      ...argv,
    ];
  }

  run(argv: readonly string[], options: RunOptions = {}): Promise<Outcome> {
    return run(this.argv(...argv), options);
  }

  /** The output of a program that must succeed. */
  output(...argv: readonly string[]): Promise<string> {
    return output(this.argv(...argv));
  }

  /** A path in here as the rest of the host reaches it. */
  path(path: string): string {
    return `/proc/${this.keeper.pid}/root${path}`;
  }

  /** Where to read the mounts a daemon in here makes. */
  get mountInfo(): string {
    return `/proc/${this.keeper.pid}/mountinfo`;
  }

  /** Whether a process sends into this network. */
  holds(pid: string): boolean {
    try {
      const isKeeper = Number(pid) === this.keeper.pid;
      return !isKeeper && readlinkSync(`/proc/${pid}/ns/net`) === readlinkSync(this.#namespace('net'));
    } catch {
      return false; // ended meanwhile
    }
  }

  async links(): Promise<string[]> {
    const lines = (await this.output('ip', '-o', 'link')).split('\n').filter((line) => line !== '');
    return lines.map((line) => line.split(': ')[1]?.split('@')[0] ?? line).sort();
  }

  /** The body of a page, asked for from the host's side. */
  async fetch(url: string): Promise<string> {
    const { status, stdout, stderr } = await this.run([process.execPath, '--eval', fetcher, url]);
    if (status !== 0) throw new Error(`no answer from ${url}: ${stderr}`);
    return stdout;
  }

  /** Everything mounted and every link in here goes with the last process. */
  async close(): Promise<void> {
    const gone = new Promise((resolve) => this.keeper.once('exit', resolve));
    this.keeper.kill('SIGKILL');
    await gone;
  }

  #namespace(kind: 'net' | 'mnt'): string {
    return `/proc/${this.keeper.pid}/ns/${kind}`;
  }
}
