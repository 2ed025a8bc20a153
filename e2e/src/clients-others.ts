// Clients that npm test does not wait for: virt-install, virt-xml, the exporter, and a hundred connections at once.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { get } from 'node:http';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { differencesOf, knownDifferences } from './clients-compare.js';
import {
  elsewherePath,
  knownGaps,
  nativeInput,
  untried,
  virshRows,
  worksElsewhere,
} from './clients-virsh.js';
import { type Outcome, run } from './command.js';
import { domainXml } from './documents.js';
import { waitFor } from './wait.js';
import { World } from './world.js';

let world: World;
before(async () => {
  world = await World.open();
});
after(() => world.close());

const uri = (scheme: string): string => `${scheme}+unix:///system?socket=${world.root}/run/libvirt-sock`;
const options = { env: { LC_ALL: 'C', HOME: '/nonexistent' }, timeoutMs: 60_000 } as const;

async function done(argv: readonly string[]): Promise<Outcome> {
  const outcome = await run(argv, options);
  assert.equal(outcome.status, 0, `${argv.join(' ')}\n${outcome.stdout}${outcome.stderr}`);
  return outcome;
}

test('virt-install makes and starts a container, virt-xml changes it', async () => {
  const root = `${world.host}/root`;
  await done(['cp', '-a', `${world.root}/lib/templates/busybox/rootfs`, root]);
  await done([
    ...['virt-install', '--connect', uri('lxc'), '--name', 'installed', '--memory', '128'],
    ...['--filesystem', `${root},/`, '--init', '/sbin/init', '--network', 'none', '--noautoconsole'],
  ]);
  assert.match(await world.state('installed'), /^(running|shutoff)/);
  await done(['virt-xml', '--connect', uri('lxc'), 'installed', '--edit', '--memory', '100']);
  const xml = await world.client.domains.xml({ domain: 'installed', inactive: true });
  assert.match(xml, /<(currentMemory|memory) unit='KiB'>102400</);
  await world.clear();
});

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

/** Runs the table in order; what is not to be tried on libvirt's driver is left out on both sides. */
async function runTable(
  virsh: Virsh,
  made: { readonly file: string; readonly uuid: string; readonly plain: string },
): Promise<(Outcome | undefined)[]> {
  const inputs: Readonly<Record<string, string>> = { PLAIN: made.plain, NATIVE: nativeInput };
  const outcomes: (Outcome | undefined)[] = [];
  for (const { command, input } of virshRows) {
    if (input !== undefined) await writeFile(made.file, inputs[input] ?? input);
    const words = command
      .split(' ')
      .map((word) => (word === 'FILE' ? made.file : word === 'UUID' ? made.uuid : word));
    outcomes.push(untried[command] === undefined ? await virsh(...words) : undefined);
  }
  return outcomes;
}

/** The same here, on the same domains. */
async function runHere(folder: string, root: string): Promise<(Outcome | undefined)[]> {
  const file = `${folder}/input-here`;
  const virsh: Virsh = (...words) => run(['virsh', '-c', uri('lxc'), ...words], options);
  await world.enclosure.output('ip', 'link', 'add', 'clients0', 'type', 'bridge');
  await world.enclosure.output('ip', 'link', 'set', 'clients0', 'up');
  for (const name of ['ct', 'off']) await world.define(comparedXml(name, root));
  await done(['virsh', '-c', uri('lxc'), 'start', 'ct']);
  const uuid = (await virsh('domuuid', 'ct')).stdout.trim();
  const outcomes = await runTable(virsh, { file, uuid, plain: comparedXml('plain', root) });
  await world.enclosure.output('ip', 'link', 'delete', 'clients0');
  await world.clear();
  return outcomes;
}

test("what works on libvirt's own LXC driver works here, and reads the same", async (t) => {
  const folder = `${world.host}/lxc`;
  const root = `${folder}/root`;
  await mkdir(folder);
  await done(['cp', '-a', `${world.root}/lib/templates/busybox/rootfs`, root]);
  await done(['test', '-x', `${root}/bin/sleep`]);
  const groups = () =>
    readdirSync('/sys/fs/cgroup').flatMap((name) =>
      ['machine', 'machine.slice'].map((group) => `/sys/fs/cgroup/${name}/${group}`),
    );
  const before = groups().filter((path) => existsSync(path));
  const helper = fileURLToPath(new URL('../../bench/rpc/lxc-libvirtd.mjs', import.meta.url));
  const libvirtd = spawn(
    'unshare',
    [
      ...['--mount', '--propagation', 'private', '--pid', '--fork', '--kill-child', '--mount-proc', '--net'],
      ...[process.execPath, helper, folder, 'clients0'],
    ],
    { stdio: ['pipe', 'ignore', 'ignore'] },
  );
  const gone = new Promise((resolve) => libvirtd.once('exit', resolve));
  const theirs = `lxc+unix:///system?socket=${folder}/libvirt-sock`;
  let runs: (Outcome | undefined)[] = [];
  const virsh = (...words: readonly string[]): Promise<Outcome> =>
    run(['virsh', '-c', theirs, ...words], options);
  try {
    await waitFor('libvirtd', async () => (await virsh('uri')).status === 0, 20_000);
    const file = `${folder}/input`;
    for (const name of ['ct', 'off']) {
      await writeFile(file, comparedXml(name, root));
      assert.equal((await virsh('define', file)).status, 0);
      assert.match((await virsh('dumpxml', name)).stdout, /<target dir='\/'\/>/);
    }
    await done(['virsh', '-c', theirs, 'start', 'ct']);
    const uuid = (await virsh('domuuid', 'ct')).stdout.trim();
    runs = await runTable(virsh, { file, uuid, plain: comparedXml('plain', root) });
    const works = virshRows.filter((_, at) => runs[at]?.status === 0).map(({ command }) => command);
    t.diagnostic(`${works.length} of ${virshRows.length} work there`);
    if (process.env['CTVIRT_CLIENTS_WRITE'] === '1')
      await writeFile(elsewherePath, `${JSON.stringify(works, undefined, 2)}\n`);
    assert.deepEqual(works, worksElsewhere(), 'see npm run test:clients -- --write');
    assert.deepEqual(
      virshRows
        .filter(({ command, refused }) => refused !== undefined && works.includes(command))
        .map(({ command }) => command),
      knownGaps,
    );
  } finally {
    libvirtd.stdin.end();
    await gone;
    for (const path of groups())
      if (!before.includes(path)) await run(['find', path, '-depth', '-type', 'd', '-delete']);
  }
  const here = await runHere(folder, root);
  const known: string[] = [];
  const surprising: string[] = [];
  for (const [at, { command, group }] of virshRows.entries()) {
    const [ours, theirs] = [here[at], runs[at]];
    // That driver has neither networks nor storage: all it says of them is that it has not.
    if (ours === undefined || theirs === undefined || group === 'networks and storage') continue;
    const lines = differencesOf(command, ours, theirs);
    if (lines.length === 0) continue;
    const expected = knownDifferences[command]?.lines;
    if (expected !== undefined && lines.every((line) => expected.test(line))) known.push(command);
    else surprising.push([command, ...lines].join('\n  '));
  }
  assert.deepEqual(surprising, []);
  assert.deepEqual(known, Object.keys(knownDifferences));
});

test('the exporter finds every counter it looks for', async () => {
  await world.run(domainXml({ name: 'scraped', more: "<memory unit='KiB'>65536</memory>" }));
  const port = 20_000 + (process.pid % 20_000);
  const exporter = spawn(
    'prometheus-libvirt-exporter',
    [`--libvirt.uri=${uri('ctvirt')}`, `--web.listen-address=127.0.0.1:${port}`],
    { stdio: 'ignore' },
  );
  try {
    const page = await waitFor('the exporter', () => fetchText(`http://127.0.0.1:${port}/metrics`));
    assert.match(page, /^libvirt_up 1$/m);
    assert.match(page, /^libvirt_domain_info_maximum_memory_bytes\{domain="scraped".*\} 6\.7108864e\+07$/m);
    assert.match(page, /^libvirt_domain_info_cpu_time_seconds_total\{domain="scraped"/m);
  } finally {
    const gone = new Promise((resolve) => exporter.once('exit', resolve));
    exporter.kill();
    await gone;
  }
  await world.clear();
});

function fetchText(url: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    get(url, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (part: string) => (text += part));
      answer.on('end', () => resolve(text));
    }).on('error', () => resolve(undefined)); // not listening yet
  });
}

/** Errors a domain's life may meet when others live it too: it runs already, or not any more. */
const expected = new Set([55, 42, 87]);

interface Calls {
  close(): Promise<void>;
  domainLookupByName(args: {
    name: string;
  }): Promise<Calls & Record<string, (args?: object) => Promise<unknown>>>;
  listAllDomains(args: object): Promise<unknown[]>;
  getAllDomainStats(args: object): Promise<unknown[]>;
}

test('a hundred connections live and ask at once, and nothing grows', async (t) => {
  const seconds = Number(process.env['CTVIRT_CLIENTS_SECONDS'] ?? 20);
  const { connect, RpcError } = await import(
    new URL('../../packages/rpc/dist/index.js', import.meta.url).href
  );
  const domains = Array.from({ length: 10 }, (_, at) => `life${at}`);
  for (const name of domains) await world.define(domainXml({ name }));
  const memory = (): number =>
    Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${world.daemonPid}/status`, 'utf8'))?.[1] ?? 0);
  const descriptors = (): number => readdirSync(`/proc/${world.daemonPid}/fd`).length;
  const until = { time: Date.now() + 2000 };
  let calls = 0;
  const surprises: string[] = [];
  const steps = ['create', 'getInfo', 'suspend', 'getState', 'resume', 'getXmlDesc', 'destroy'] as const;

  const client = async (number: number): Promise<void> => {
    const connection = (await connect(uri('ctvirt'))) as Calls;
    try {
      const domain = await connection.domainLookupByName({ name: domains[number % domains.length] ?? '' });
      for (let step = number; Date.now() < until.time; step++) {
        const name =
          number < 20 ? (steps[step % steps.length] ?? 'getInfo') : number % 2 === 0 ? 'getInfo' : 'list';
        try {
          if (name === 'list') await connection.listAllDomains({ needResults: 1, flags: 0 });
          else await domain[name]?.(name === 'getXmlDesc' || name === 'getState' ? { flags: 0 } : undefined);
          calls++;
        } catch (error) {
          const code =
            error instanceof RpcError ? (error as { details?: { code: number } }).details?.code : undefined;
          if (code === undefined || !expected.has(code)) surprises.push(`${name}: ${String(error)}`);
        }
      }
    } finally {
      await connection.close();
    }
  };
  const round = () => Promise.all(Array.from({ length: 100 }, (_, number) => client(number)));
  await round(); // warm
  await settle();
  const before = { memory: memory(), descriptors: descriptors() };
  until.time = Date.now() + seconds * 1000;
  await round();
  await settle();
  const now = { memory: memory(), descriptors: descriptors() };
  t.diagnostic(`${calls} calls; before ${JSON.stringify(before)}, after ${JSON.stringify(now)}`);
  assert.deepEqual(surprises.slice(0, 5), []);
  assert.ok(now.descriptors <= before.descriptors + 5, 'descriptors grow');
  assert.ok(now.memory <= before.memory + 50_000, 'memory grows');
  await world.clear();

  async function settle(): Promise<void> {
    await waitFor('the connections to be gone', async () => {
      const { stdout } = await run(['virsh', '-c', uri('ctvirt'), 'list', '--name'], options);
      for (const name of stdout.split('\n').filter((line) => line !== ''))
        await run(['virsh', '-c', uri('ctvirt'), 'destroy', name], options);
      return stdout.trim() === '';
    });
  }
});
