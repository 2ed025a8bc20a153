// A host beyond the enclosure, by a link of it: a network namespace that knows no way back to networks behind it.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { Enclosure } from './enclosure.js';
import { waitFor } from './wait.js';

/** The other host's addresses, and those of the enclosure on the link between them, `up0`. */
export const beyond = {
  address: '203.0.113.9',
  gateway: '203.0.113.1',
  address6: '2001:db8:99::9',
  gateway6: '2001:db8:99::1',
} as const;

export interface OtherHost extends AsyncDisposable {
  /** The output of a program there that must succeed. */
  there(...argv: string[]): Promise<string>;
}

export async function otherHost(enclosure: Enclosure): Promise<OtherHost> {
  const [file = '', ...args] = enclosure.argv('/usr/bin/unshare', '--net', '--', '/bin/sleep', 'infinity');
  const keeper = spawn(file, args, { stdio: 'ignore' });
  const pid = keeper.pid ?? assert.fail('no process');
  const here = (...argv: string[]) => enclosure.output(...argv);
  const there = (...argv: string[]) => here('nsenter', `--net=/proc/${pid}/ns/net`, '--', ...argv);
  const own = await here('readlink', '/proc/self/ns/net');
  await waitFor('the other host', async () => (await here('readlink', `/proc/${pid}/ns/net`)) !== own);
  await here('ip', 'link', 'add', 'up0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', String(pid));
  for (const line of [
    `address add ${beyond.gateway}/24 dev up0`,
    `address add ${beyond.gateway6}/64 dev up0 nodad`,
    'link set up0 up',
  ])
    await here('ip', ...line.split(' '));
  for (const line of [
    `address add ${beyond.address}/24 dev eth0`,
    `address add ${beyond.address6}/64 dev eth0 nodad`,
    'link set eth0 up',
    'link set lo up',
  ])
    await there('ip', ...line.split(' '));
  return {
    there,
    async [Symbol.asyncDispose]() {
      keeper.kill('SIGKILL');
      await waitFor(
        'the link to the other host to go',
        async () => !(await enclosure.links()).includes('up0'),
      );
    },
  };
}
