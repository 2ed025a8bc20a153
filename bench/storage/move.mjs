// A domain of 330 MB that writes and is asked all the time goes to another host: for how long nobody answers, against rsync by hand.
// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { knocking } from '../../e2e/dist/world/knocking.js';
import { sshServer } from '../../e2e/dist/world/ssh-server.js';
import { byTurns, median, ms } from '../measure.mjs';
import { withTemplate } from '../net/sides.mjs';
import { ownNetwork } from '../own-network.mjs';
import { fill } from './filled.mjs';
import { ctvirt, exec } from './sides.mjs';

/** @typedef {import('../daemon.mjs').Daemon} Daemon */

const hosts = ['192.0.2.1', '192.0.2.2'];
const address = '198.51.100.8';
/** 20 KB twenty times a second, and a server; it ends when it is asked to. */
const program = `httpd -p 80 -h /srv; arping -q -A -c 1 -I eth0 ${address} &
  trap 'exit 0' TERM PWR USR1 USR2 INT; n=0; pad=$(head -c 20000 /dev/zero | tr '\\0' x)
  while :; do n=$((n+1)); echo "$n $pad" >/srv/w$((n%20)); sleep 0.05; done`;
const domain = `<domain type='lxc'><name>one</name><memory unit='MiB'>256</memory>
  <os><type>exe</type><init>/bin/sh</init><initarg>-c</initarg><initarg>${program.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</initarg></os>
  <devices><filesystem type='template'><source name='busybox'/><target dir='/'/></filesystem>
  <interface type='bridge'><source bridge='br-up'/><mac address='52:54:00:aa:bb:07'/><ip address='${address}' prefix='24'/></interface></devices></domain>`;

/** @param {number | undefined} pid */
const inNetwork = (pid) => ['nsenter', `--net=/proc/${pid}/ns/net`, '--'];

/** @param {readonly string[]} inside @param {string} line */
const ip = ([file, ...args], line) => exec(file, [...args, 'ip', ...line.split(' ')]);

/**
 * Both hosts and a machine between them on one network; what is run inside of each, the machine's last.
 *
 * @template T
 * @param {readonly Daemon[]} daemons
 * @param {(inside: readonly (readonly string[])[]) => Promise<T>} work
 */
async function joined(daemons, work) {
  const machine = spawn('unshare', ['--net', '--', 'sleep', 'infinity'], { stdio: 'ignore' });
  try {
    await sleep(500);
    const between = inNetwork(machine.pid);
    await ip(between, 'link add lan type bridge');
    await ip(between, 'address add 198.51.100.9/24 dev lan');
    await ip(between, 'link set lan up');
    const inside = daemons.map(({ pid }) => inNetwork(pid));
    for (const [at, host] of inside.entries()) {
      await ip(host, 'link add br-up type bridge');
      await ip(host, `link add up0 type veth peer name up${at} netns ${machine.pid}`);
      await ip(between, `link set up${at} master lan up`);
      await ip(host, 'link set up0 master br-up up');
      await ip(host, 'link set br-up up');
      await ip(host, `address add ${hosts[at]}/24 dev br-up`);
    }
    return await work([...inside, between]);
  } finally {
    machine.kill('SIGKILL');
  }
}

/** @type {import('../measure.mjs').Row} */
export const move = {
  name: 'move',
  run: ({ note, rounds = 3 }) =>
    withTemplate(
      (near) =>
        withTemplate(
          (far) => joined([near, far], (inside) => measured({ near, far, inside, note, rounds })),
          ownNetwork,
        ),
      ownNetwork,
    ),
};

/** @param {{ near: Daemon, far: Daemon, inside: readonly (readonly string[])[], note: import('../../scripts/steps.mjs').Note, rounds: number }} sides */
async function measured({ near, far, inside, note, rounds }) {
  const [atNear, atFar, between] = inside;
  /** @param {Daemon} daemon @param {readonly string[]} within @param {string} at */
  const server = (daemon, within, at) => {
    const host = join(daemon.folder, 'ssh');
    mkdirSync(host, { mode: 0o755 });
    return sshServer({ host, enclosure: { argv: (...argv) => [...within, ...argv] } }, at);
  };
  const servers = [await server(near, atNear, hosts[0]), await server(far, atFar, hosts[1])];
  note('writing 330 MB');
  await fill(near, 'one', { document: domain });
  await ctvirt(near, 'start', 'one');
  const client = knocking((...argv) => [...between, ...argv], address, 80);
  /** @param {() => Promise<unknown>} work */
  const silence = async (work) => {
    await sleep(500);
    client.silence();
    await work();
    const { answers } = client;
    while (client.answers < answers + 5) await sleep(20);
    return client.silence().ms;
  };
  /** @param {number} to */
  const uri = (to) =>
    `ctvirt+ssh://root@${hosts[to]}/?socket=${[near, far][to].layout.libvirtSocket}&${servers[to].words}`;
  const times = await byTurns(
    rounds,
    {
      ours: async () => {
        const took = await silence(() => ctvirt(near, 'migrate', 'one', uri(1)));
        await ctvirt(far, 'migrate', 'one', uri(0));
        return took;
      },
      theirs: () => byHand({ near, far, within: atNear, key: servers[1].words, silence }),
    },
    note,
  );
  await client[Symbol.asyncDispose]();
  for (const one of servers) one[Symbol.dispose]();
  const [ours, theirs] = [median(times.ours), median(times.theirs)];
  return [
    {
      what: 'a move of 330 MB by ssh, for how long nobody answers, against rsync by hand in three passes',
      ours: ms(ours),
      theirs: ms(theirs),
      ratio: ours / theirs,
      reach: '≤ 0.6 ×',
      ok: ours / theirs <= 0.6,
      times,
    },
  ];
}

/**
 * As one does it who knows how: most of it while it runs, over one connection of ssh, and the rest when it is off.
 *
 * @param {{ near: Daemon, far: Daemon, within: readonly string[], key: string, silence: (work: () => Promise<unknown>) => Promise<number> }} sides
 */
async function byHand({ near, far, within, key, silence }) {
  const { keyfile, known_hosts: known } = Object.fromEntries(new URLSearchParams(key));
  await far.client.domains.define({ body: domain });
  const [from, to] = [near, far].map(({ layout }) => join(layout.roots, 'one', 'root.layer', 'upper/'));
  const control = join(near.folder, 'ssh', 'control');
  const ssh = `ssh -i ${keyfile} -o UserKnownHostsFile=${known} -o ControlMaster=auto -o ControlPath=${control} -o ControlPersist=60`;
  const [file, ...args] = within;
  const whole = ['-aHAX', '--sparse', '--numeric-ids', '--delete', '-e', ssh, from, `root@${hosts[1]}:${to}`];
  // What is written just then is sent by the next pass.
  const pass = () => exec(file, [...args, 'rsync', ...whole]).catch(vanished);
  const took = await silence(async () => {
    await pass();
    await pass();
    await ctvirt(near, 'shutdown', 'one', '--wait');
    await pass();
    await ctvirt(far, 'start', 'one');
  });
  await exec(file, [...args, ...ssh.split(' '), '-O', 'exit', `root@${hosts[1]}`]);
  await ctvirt(far, 'destroy', 'one');
  await far.client.domains.undefine({ domain: 'one', storage: true });
  await ctvirt(near, 'start', 'one');
  return took;
}

const VANISHED = 24;

/** @param {unknown} error */
function vanished(error) {
  if (!(error instanceof Error && 'code' in error && error.code === VANISHED)) throw error;
}
