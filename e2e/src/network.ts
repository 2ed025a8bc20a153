// A network namespace without a way out: what the tests send can never leave this machine.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { statSync } from 'node:fs';
import { type Outcome, output, type RunOptions, run } from './command.js';

/** What the host has elsewhere on its network card, as the source of what it sends; both are for documentation. */
export const hostAddress = { v4: '198.51.100.1', v6: '2001:db8:ff::1' } as const;

const fetcher = `
require('node:http').get(process.argv[1], { timeout: 3000 }, (answer) => answer.pipe(process.stdout))
  .on('timeout', function () { this.destroy(new Error('timeout')); })
  .on('error', (error) => { process.stderr.write(error.message); process.exitCode = 1; });
`;

export class Network implements AsyncDisposable {
  private constructor(readonly name: string) {}

  static async create(): Promise<Network> {
    const network = new Network(`ctvirt-e2e-${randomBytes(4).toString('hex')}`);
    await output(['ip', 'netns', 'add', network.name]);
    await output(network.argv('ip', 'link', 'set', 'lo', 'up'));
    for (const address of [hostAddress.v4, hostAddress.v6])
      await output(network.argv('ip', 'address', 'add', address, 'dev', 'lo'));
    for (const family of ['-4', '-6'])
      assert.equal(await output(network.argv('ip', family, 'route', 'show', 'default')), '');
    return network;
  }

  /** The namespace as the kernel numbers it: what `/proc/PID/ns/net` of its processes shows. */
  get inode(): number {
    return statSync(this.path).ino;
  }

  /** The program in this namespace. Mounts and processes are the host's, so that nothing can hide. */
  argv(...argv: readonly string[]): string[] {
    return ['/usr/bin/nsenter', `--net=${this.path}`, '--', ...argv];
  }

  run(argv: readonly string[], options: RunOptions = {}): Promise<Outcome> {
    return run(this.argv(...argv), options);
  }

  async links(): Promise<string[]> {
    const lines = (await output(this.argv('ip', '-o', 'link'))).split('\n').filter((line) => line !== '');
    return lines.map((line) => line.split(': ')[1]?.split('@')[0] ?? line).sort();
  }

  /** The body of a page, asked for from the host's side. */
  async fetch(url: string): Promise<string> {
    const { status, stdout, stderr } = await this.run([process.execPath, '--eval', fetcher, url]);
    if (status !== 0) throw new Error(`no answer from ${url}: ${stderr}`);
    return stdout;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await output(['ip', 'netns', 'delete', this.name]);
  }

  get path(): string {
    return `/run/netns/${this.name}`;
  }
}
