// A container that writes and is asked all the time goes to and fro: nothing that it wrote is lost, and it was down for as long as is told.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { after, afterEach, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { domainXml, templateRoot } from '../world/documents.js';
import { knocking } from '../world/knocking.js';
import { type Lan, lan, routeFor } from '../world/lan.js';
import { clientFolder, listening, makePki } from '../world/pki.js';
import { noSshd, sshServer } from '../world/ssh-server.js';
import { waitFor } from '../world/wait.js';
import { World } from '../world/world.js';

/** By each way, to and fro: all that `npm run test:moves` asks for, and few in `npm test`. */
const MOVES = Number(process.env['CTVIRT_MOVES'] ?? 2);
const TOLERANCE_MS = 100;
/** Where much else is at work all steps take longer, those before and after the moments that are told as well. */
const TOLERANCE = 0.25;

const addresses = ['192.0.2.1', '192.0.2.2'] as const;
let near: World;
let far: World;
before(async () => {
  near = await World.open();
  far = await World.open();
});
afterEach(async () => {
  for (const world of [near, far]) {
    await world.eraseAll();
    for (const { name: root } of await world.client.roots.list()) await world.client.roots.erase({ root });
    await world.assertClean();
  }
});
after(async () => {
  try {
    await near.close();
  } finally {
    await far.close();
  }
});

const name = 'shop';
/**
 * 20 KB twenty times a second: a log that goes on where it ended, and files that change all the time. Each start notes where that was.
 * A line is written whole: the shell looks at signals between its commands.
 */
const writer = `
  httpd -p 80 -h /srv
  n=$(tail -n1 /srv/log 2>/dev/null || echo 0)
  echo $n >>/srv/starts
  pad=$(head -c 20000 /dev/zero | tr '\\0' x)
  trap 'exit 0' TERM PWR USR1 USR2 INT
  while :; do n=$((n+1)); echo "$n $pad" >/srv/f$((n%20)); echo $n >>/srv/log; sleep 0.05; done`;

/** Where it is, and by what link. */
interface Place {
  readonly own: string;
  readonly link: string;
}
const routed: Place = {
  own: '192.0.2.7',
  link: "<interface type='ethernet'><ip address='192.0.2.7'/></interface>",
};
const bridged: Place = {
  own: '198.51.100.8',
  link: "<interface type='bridge'><source bridge='br-up'/><mac address='52:54:00:aa:bb:07'/><ip address='198.51.100.8' prefix='24'/></interface>",
};
const document = ({ link }: Place): string =>
  domainXml({ name, program: ['/bin/sh', '-c', writer], filesystems: [templateRoot], interfaces: [link] });

const lines = (text: string): number[] => text.trim().split('\n').map(Number);

/** What lies where it was left has the last that was written there. */
function lastAt(world: World): number {
  const [kept = assert.fail('nothing was left')] = world
    .files()
    .filter((path) => /\/shop~\d+\/root\.layer$/.test(path));
  return lines(readFileSync(`${kept}/upper/srv/log`, 'utf8')).at(-1) ?? 0;
}

async function toAndFro(
  network: Lan,
  uris: readonly [string, string],
  place: Place,
  tell: (text: string) => void,
): Promise<void> {
  await near.run(document(place));
  await using client = knocking(network.argv, place.own, 80);
  await waitFor('an answer', () => client.answers > 10);
  let [from, to] = [near, far];
  for (let move = 1; move <= MOVES; move++) {
    await sleep(500);
    client.silence();
    const before = client.answers;
    const uri = uris[to === far ? 1 : 0];
    const report = await from.client.domains.move({ domain: name, body: { to: uri } });
    assert.deepEqual([report.moved, report.state, report.failure], [true, 'running', null]);
    const answered = client.answers;
    await waitFor('answers at the other host', () => client.answers > answered + 5);
    const { ms, lateMs } = client.silence();
    const { downMs, downMsThere, passes } = report;
    tell(
      `move ${move}: down for ${downMs} ms, ${downMsThere} ms by the clock there, ${ms.toFixed(0)} ms to the client (itself late by ${lateMs.toFixed(0)}); ${passes.length} passes, ${report.bytes} bytes`,
    );
    assert.ok(answered > before, 'it answered while its files were sent');
    for (const told of [downMs, downMsThere]) {
      assert.ok(told !== null);
      const most = Math.max(TOLERANCE_MS + lateMs, TOLERANCE * told);
      assert.ok(Math.abs(told - ms) <= most, `${told} ms told, ${ms} ms to the client`);
    }
    // Each start went on where the other host had ended; all of it is there, and each file is of one write.
    const starts = lines(await to.shell(name, 'cat /srv/starts'));
    assert.deepEqual([starts.length, starts.at(-1)], [move + 1, lastAt(from)]);
    const log = lines(await to.shell(name, 'cat /srv/log'));
    assert.deepEqual(
      log,
      log.map((_, at) => at + 1),
    );
    const whole =
      'for f in /srv/f*; do set -- $(head -n1 $f); [ "$(echo -n $2 | wc -c)" = 20000 ] || echo $f; done';
    // One of them may just be written.
    await waitFor('each file to be of one write', async () => (await to.shell(name, whole)) === '');
    [from, to] = [to, from];
  }
  await from.erase(name);
}

test(`over ssh, to and fro, ${MOVES} times`, {
  skip: noSshd,
  timeout: 600_000 + MOVES * 60_000,
}, async (t) => {
  await using network = await lan(near, far);
  await routeFor(near, far);
  using here = await sshServer(near, addresses[0]);
  using there = await sshServer(far, addresses[1]);
  const uri = (world: World, words: string, address: string) =>
    `ctvirt+ssh://root@${address}/?socket=${world.root}/run/libvirt-sock&${words}`;
  const uris = [uri(near, here.words, addresses[0]), uri(far, there.words, addresses[1])] as const;
  await toAndFro(network, uris, routed, (text) => t.diagnostic(text));
});

test(`over TLS, to and fro, ${MOVES} times`, { timeout: 600_000 + MOVES * 60_000 }, async (t) => {
  await using network = await lan(near, far);
  await routeFor(near, far);
  const pki = `${near.host}/pki`;
  await makePki(pki, { server: 'ca', client: 'ca' }, addresses.map((one) => `IP:${one}`).join());
  for (const [at, world] of [near, far].entries()) {
    writeFileSync(`${world.root}/etc/ctvirtd.conf`, listening(pki, addresses[at] ?? '', 16599));
    await world.stop();
    await world.start();
  }
  const known = await clientFolder(pki, 'client');
  const uri = (one: string) => `ctvirt+tls://${one}:16599/?pkipath=${known}`;
  const uris = [uri(addresses[0]), uri(addresses[1])] as const;
  await toAndFro(network, uris, bridged, (text) => t.diagnostic(text));
});
