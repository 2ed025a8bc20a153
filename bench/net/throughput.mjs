// What iperf3 gets through links of containers on a network with walls, against plain veth on a plain bridge.
// SPDX-License-Identifier: Apache-2.0
import { execFile, spawn } from 'node:child_process';
import { existsSync, readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { sleepingDomain } from '../domains.mjs';
import { byTurns, median } from '../measure.mjs';
import { ip, onNetwork, withBridge, withTemplate } from './sides.mjs';

const exec = promisify(execFile);
const program = '/usr/bin/iperf3';
const bridge = 'ctbplain0';
const port = 5201;
const seconds = 2;
const reach = 0.95;

/** A command line that runs the one behind it in the network of a process. */
const inside = (/** @type {number} */ pid) => ['/usr/bin/nsenter', `--net=/proc/${pid}/ns/net`];

/**
 * A process with a network of its own, linked to the plain bridge.
 *
 * @param {number} number
 */
async function plainGuest(number) {
  const child = spawn('/usr/bin/unshare', ['--net', 'sleep', 'infinity'], { stdio: 'ignore' });
  const pid = child.pid ?? 0;
  const own = readlinkSync('/proc/self/ns/net');
  for (let tries = 0; readlinkSync(`/proc/${pid}/ns/net`) === own; tries++) {
    if (tries > 400) throw new Error('no network of its own');
    await sleep(5);
  }
  const link = `ctbp${number}`;
  await ip(
    'link',
    'add',
    link,
    'master',
    bridge,
    'type',
    'veth',
    'peer',
    'name',
    'eth0',
    'netns',
    String(pid),
  );
  await ip('link', 'set', link, 'up');
  const [nsenter, ...args] = inside(pid);
  const address = `10.97.0.${1 + number}`;
  for (const words of [
    ['link', 'set', 'lo', 'up'],
    ['address', 'add', `${address}/24`, 'dev', 'eth0'],
    ['link', 'set', 'eth0', 'up'],
  ])
    await exec(nsenter, [...args, 'ip', ...words]);
  return { pid, address, child };
}

/** @param {readonly string[]} through */
async function serve(through) {
  const [file, ...args] = [...through, program, '--server', '--port', String(port), '--forceflush'];
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise((resolve, reject) => {
    child.stdout.on('data', (text) => String(text).includes('listening') && resolve(undefined));
    child.once('exit', () => reject(new Error('iperf3 ended')));
  });
  return child;
}

/**
 * Bits in a second.
 *
 * @param {number} from
 * @param {string} to
 */
async function rate(from, to) {
  const argv = ['--client', to, '--port', String(port), '--time', String(seconds), '--json'];
  const [file, ...args] = [...inside(from), program, ...argv];
  const { stdout } = await exec(file, args, { maxBuffer: 16 << 20 });
  return Number(JSON.parse(stdout).end.sum_received.bits_per_second);
}

const what = {
  guest: 'iperf3 from container to container, walls on, against plain veth on a plain bridge',
  host: 'iperf3 from container to host, walls on, against the same',
};

/** @type {import('../measure.mjs').Row} */
export const throughput = {
  name: 'throughput',
  run: ({ note, rounds = 15 }) => {
    if (!existsSync(program))
      return Promise.resolve(
        Object.values(what).map((name) => ({ what: `${name}: skipped, there is no iperf3`, ours: '' })),
      );
    return withBridge(bridge, '10.97.0.1/24', () =>
      withTemplate(async (daemon) => {
        /** @type {import('node:child_process').ChildProcess[]} */
        const children = [];
        try {
          const { domains, networks } = daemon.client;
          for (const name of ['one', 'two']) {
            await domains.define({ body: sleepingDomain(name, 'busybox', onNetwork('default')) });
            await domains.start({ domain: name });
          }
          const guests = await Promise.all([plainGuest(1), plainGuest(2)]);
          children.push(...guests.map(({ child }) => child));
          const pids = await Promise.all(
            ['one', 'two'].map(async (domain) => (await domains.info({ domain })).initPid ?? 0),
          );
          const leases = await networks.leases({ network: 'default' });
          const address = leases.find(({ domain }) => domain === 'two')?.address ?? '';
          const host = /<ip address='([^']+)'/.exec(await networks.xml({ network: 'default' }))?.[1] ?? '';
          for (const through of [[], inside(pids[1]), inside(guests[1].pid)])
            children.push(await serve(through));
          /** @type {(name: 'guest' | 'host', ours: string, theirs: string) => Promise<import('../measure.mjs').Result>} */
          const row = async (name, ours, theirs) => {
            const sides = { ours: () => rate(pids[0], ours), theirs: () => rate(guests[0].pid, theirs) };
            await byTurns(1, sides);
            const rates = await byTurns(rounds, sides, note);
            const [here, there] = [median(rates.ours), median(rates.theirs)];
            return {
              what: what[name],
              ours: gbit(here),
              theirs: gbit(there),
              ratio: here / there,
              reach: `≥ ${reach} ×`,
              ok: here / there >= reach,
              rates,
            };
          };
          return [await row('guest', address, guests[1].address), await row('host', host, '10.97.0.1')];
        } finally {
          for (const child of children) child.kill('SIGKILL');
        }
      }),
    );
  },
};

/** @param {number} bits */
const gbit = (bits) => `${(bits / 1e9).toFixed(1)} Gbit/s`;
