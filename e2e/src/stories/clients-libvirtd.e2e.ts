// virsh here beside virsh on libvirt's own LXC driver: what works there works here, and says the same.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { clientOptions, done } from '../world/client-program.js';
import { differencesOf, knownDifferences } from '../world/clients-compare.js';
import {
  elsewherePath,
  knownGaps,
  nativeInput,
  untried,
  virshRows,
  wordsOf,
  worksByChance,
  worksElsewhere,
} from '../world/clients-virsh.js';
import { type Outcome, run } from '../world/command.js';
import { startLxcLibvirtd } from '../world/lxc-libvirtd.js';
import { waitFor } from '../world/wait.js';
import { World } from '../world/world.js';

let world: World;
before(async () => {
  world = await World.open();
});
after(() => world.close());

/** A domain for both sides: its root is its own, without which libvirt's driver would run the host's init on the host's. */
const comparedXml = (name: string, root: string): string => `<domain type='lxc'>
  <name>${name}</name><memory unit='KiB'>262144</memory><vcpu>2</vcpu>
  <os><type>exe</type><init>/bin/sleep</init><initarg>infinity</initarg></os><features><privnet/></features>
  <devices>
    <filesystem type='mount'><source dir='${root}'/><target dir='/'/></filesystem>
    <interface type='bridge'><mac address='52:54:00:00:00:01'/><source bridge='clients0'/></interface>
    <console type='pty'/>
  </devices>
</domain>`;

type Virsh = (...words: readonly string[]) => Promise<Outcome>;

/**
 * Libvirt's driver now and then misses which process is a domain's init, for as long as that runs; then it has no counters of it and
 * cannot signal it. It is started again.
 */
async function startWell(virsh: Virsh, name: string, words: readonly string[]): Promise<Outcome> {
  const isKnown = async () =>
    (await virsh('dominfo', name)).status === 0 &&
    (await virsh('send-process-signal', name, '1', 'SIGCONT')).status === 0;
  for (let tries = 1; ; tries++) {
    const outcome = await virsh(...words);
    if (outcome.status !== 0 || tries === 5) return outcome;
    if (await waitFor('its init', isKnown, 2000).catch(() => false)) return outcome;
    await virsh('destroy', name);
  }
}

/** Runs the table in order; what is not to be tried on libvirt's driver is left out on both sides. */
async function runTable(
  virsh: Virsh,
  made: { readonly file: string; readonly uuid: string; readonly plain: string },
): Promise<(Outcome | undefined)[]> {
  const inputs: Readonly<Record<string, string>> = { PLAIN: made.plain, NATIVE: nativeInput };
  const outcomes: (Outcome | undefined)[] = [];
  for (const { command, input } of virshRows) {
    if (input !== undefined) await writeFile(made.file, inputs[input] ?? input);
    const words = wordsOf(command, made);
    if (untried[command] !== undefined) outcomes.push(undefined);
    else if (/^(?:start|create) /.test(command)) outcomes.push(await startWell(virsh, 'plain', words));
    else outcomes.push(await virsh(...words));
  }
  return outcomes;
}

/** What virsh says of each command, on a domain that runs and one that does not. */
async function runWith(uri: string, folder: string): Promise<(Outcome | undefined)[]> {
  const root = `${folder}/root`;
  await mkdir(folder, { recursive: true });
  await done(['cp', '-a', `${world.root}/lib/templates/busybox/rootfs`, root]);
  await done(['test', '-x', `${root}/bin/sleep`]);
  const file = `${folder}/input`;
  const virsh: Virsh = async (...words) => {
    const outcome = await run(['virsh', '-c', uri, ...words], clientOptions);
    return { ...outcome, stderr: outcome.stderr.replaceAll(file, 'FILE') };
  };
  for (const name of ['ct', 'off']) {
    await writeFile(file, comparedXml(name, root));
    await done(['virsh', '-c', uri, 'define', file]);
    assert.match((await virsh('dumpxml', name)).stdout, /<target dir='\/'\/>/);
  }
  const started = await startWell(virsh, 'ct', ['start', 'ct']);
  assert.equal(started.status, 0, started.stderr);
  const uuid = (await virsh('domuuid', 'ct')).stdout.trim();
  return await runTable(virsh, { file, uuid, plain: comparedXml('plain', root) });
}

async function runHere(): Promise<(Outcome | undefined)[]> {
  const ip = (...words: readonly string[]) => world.enclosure.output('ip', 'link', ...words);
  await ip('add', 'clients0', 'type', 'bridge');
  await ip('set', 'clients0', 'up');
  const outcomes = await runWith(world.uri('lxc'), `${world.host}/here`);
  await ip('delete', 'clients0');
  return outcomes;
}

async function runThere(): Promise<(Outcome | undefined)[]> {
  const folder = `${world.host}/there`;
  await mkdir(folder);
  await using libvirtd = startLxcLibvirtd(folder, 'clients0');
  const ready = async () => (await run(['virsh', '-c', libvirtd.uri, 'uri'], clientOptions)).status === 0;
  await waitFor('libvirtd', ready);
  return await runWith(libvirtd.uri, folder);
}

/** In what the two runs differ, told apart by whether it is known. */
function compare(here: readonly (Outcome | undefined)[], there: readonly (Outcome | undefined)[]) {
  const known: string[] = [];
  const surprising: string[] = [];
  for (const [at, { command, group }] of virshRows.entries()) {
    const [ours, theirs] = [here[at], there[at]];
    // That driver has neither networks nor storage nor snapshots: all it says of them is that it has not.
    if (ours === undefined || theirs === undefined || group === 'networks and storage') continue;
    if (command.startsWith('snapshot-') && theirs.status !== 0) continue;
    const lines = differencesOf(command, ours, theirs);
    if (lines.length === 0) continue;
    const expected = knownDifferences[command]?.lines;
    if (expected !== undefined && lines.every((line) => expected.test(line))) known.push(command);
    else surprising.push([command, ...lines].join('\n  '));
  }
  return { known, surprising };
}

test("what works on libvirt's own LXC driver works here, and reads the same", async (t) => {
  const [here, there] = await Promise.all([runHere(), runThere()]);
  const isSure = (command: string): boolean => !worksByChance.has(command);
  const expected = worksElsewhere().filter(isSure);
  await world.clear();
  const works = virshRows.filter((_, at) => there[at]?.status === 0).map(({ command }) => command);
  t.diagnostic(`${works.length} of ${virshRows.length} work there`);
  for (const [at, { command }] of virshRows.entries())
    if (there[at]?.status !== 0 && expected.includes(command))
      t.diagnostic(`${command} failed there: ${there[at]?.stderr ?? 'not tried'}`);
  if (process.env['CTVIRT_CLIENTS_WRITE'] === '1')
    await writeFile(elsewherePath, `${JSON.stringify(works, undefined, 2)}\n`);
  assert.deepEqual(works.filter(isSure), expected, 'see npm run test:clients -- --write');
  assert.deepEqual(
    virshRows
      .filter(({ command, refused }) => refused !== undefined && isSure(command) && works.includes(command))
      .map(({ command }) => command),
    knownGaps.filter((command) => expected.includes(command)),
  );
  const { known, surprising } = compare(here, there);
  assert.deepEqual(surprising, []);
  const isOfAllVersions = (command: string) => knownDifferences[command]?.isOfSomeVersions !== true;
  assert.deepEqual(known.filter(isOfAllVersions), Object.keys(knownDifferences).filter(isOfAllVersions));
});
