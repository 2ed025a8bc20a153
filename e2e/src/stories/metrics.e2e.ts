// Metrics of real containers: what the exporter of Debian's tells of us is among ours, promtool has nothing to say, and nobody is waited for.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { done } from '../world/client-program.js';
import { domainXml } from '../world/documents.js';
import { waitFor } from '../world/wait.js';
import { World } from '../world/world.js';

const examples = fileURLToPath(new URL('../../../examples/', import.meta.url));
let world: World;
before(async () => {
  world = await World.open();
  await world.run(
    domainXml({
      name: 'scraped',
      more: "<memory unit='KiB'>65536</memory><vcpu>2</vcpu>",
      interfaces: ["<interface type='network'><source network='default'/></interface>"],
    }),
  );
});
after(async () => {
  await world.erase('scraped');
  await world.client.networks.stop({ network: 'default' });
  await world.close();
});

/** One line of the text. */
interface Sample {
  readonly name: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly value: number;
}

const samplesOf = (text: string): Sample[] =>
  [...text.matchAll(/^([a-z]\w*)(?:\{(.*)\})? (\S+)$/gm)].map(([, name = '', labels = '', value]) => ({
    name,
    labels: new Map(
      [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, label = '', one = '']) => [label, one]),
    ),
    value: Number(value),
  }));

/** Those that are not among ours: by all their labels, with the same value, or not a lower one of what counts up. */
const missing = (theirs: readonly Sample[], ours: readonly Sample[]): Sample[] =>
  theirs.filter(
    ({ name, labels, value }) =>
      !ours.some(
        (one) =>
          one.name === name &&
          [...labels].every(([label, text]) => one.labels.get(label) === text) &&
          (name.endsWith('_total') ? one.value >= value : one.value === value),
      ),
  );

test("each sample that Debian's exporter tells of us is among ours", async () => {
  // What it holds and has used stands still: two looks at it can be compared.
  await world.client.domains.suspend({ domain: 'scraped' });
  await world.define(domainXml({ name: 'off' }));
  const port = 20_000 + (process.pid % 20_000);
  const url = `http://127.0.0.1:${port}/metrics`;
  const exporter = spawn(
    'prometheus-libvirt-exporter',
    [`--libvirt.uri=${world.uri('ctvirt')}`, `--web.listen-address=127.0.0.1:${port}`],
    { stdio: 'ignore' },
  );
  const gone = endOf(exporter);
  try {
    const told = async () =>
      samplesOf((await fetchText(url)) ?? '').filter(({ name }) => /^libvirt_/.test(name));
    const countsUp = ({ name }: Sample): boolean => name.endsWith('_total');
    const counters = await waitFor('the exporter', async () => {
      const found = (await told()).filter(countsUp);
      return found.length > 0 && found;
    });
    assert.deepEqual([...new Set(counters.map(({ name }) => name.split('_').slice(2, 4).join(' ')))].sort(), [
      'info cpu',
      'interface stats',
    ]);
    let left: readonly Sample[] = [];
    // What counts up was no more then than it is now, all else is what it is now.
    const isAllTold = async (): Promise<boolean> => {
      const now = (await told()).filter((one) => !countsUp(one));
      left = missing([...counters, ...now], samplesOf(await world.client.metrics.show()));
      return left.length === 0;
    };
    await waitFor('a look at what the exporter sees', isAllTold, 15_000).catch(() =>
      assert.deepEqual(left, []),
    );
  } finally {
    exporter.kill();
    await gone;
    await world.client.domains.resume({ domain: 'scraped' });
    await world.erase('off');
  }
});

test('promtool finds nothing to complain of, in a file that is there whole', async () => {
  const file = `${world.host}/ctvirt.prom`;
  await world.ctvirt('metrics', '--output', file);
  assert.equal(statSync(file).mode & 0o777, 0o644);
  assert.match(readFileSync(file, 'utf8'), /^ctvirt_processes\{domain="scraped",uuid="[^"]+"\} 1$/m);
  await done(['sh', '-c', `promtool check metrics <${file}`]);
});

test('Prometheus reads them with a token, and divides one family by another', async () => {
  const token = await world.client.web.open({ body: { role: 'metrics' } });
  const folder = `${world.host}/prometheus`;
  mkdirSync(folder);
  writeFileSync(`${folder}/token`, token.token ?? '', { mode: 0o600 });
  const scrape = {
    job_name: 'ctvirt',
    scrape_interval: '1s',
    authorization: { credentials_file: 'token' },
    static_configs: [{ targets: [new URL(token.url).host] }],
  };
  writeFileSync(`${folder}/prometheus.yml`, JSON.stringify({ scrape_configs: [scrape] }));
  const [file = '', ...args] = world.enclosure.argv(
    ...['prometheus', `--config.file=${folder}/prometheus.yml`, `--storage.tsdb.path=${folder}/data`],
    ...['--web.listen-address=127.0.0.1:9090', '--log.level=error'],
  );
  const prometheus = spawn(file, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  const gone = endOf(prometheus);
  try {
    const expression = 'libvirt_domain_info_cpu_time_seconds_total / libvirt_domain_info_virtual_cpus';
    const asked = ['promtool', 'query', 'instant', 'http://127.0.0.1:9090', expression];
    await waitFor('a sample in Prometheus', async () => {
      const { stdout } = await world.enclosure.run(asked);
      return /domain="scraped"/.test(stdout);
    });
  } finally {
    prometheus.kill();
    await gone;
    await world.client.web.revoke({ session: token.id });
  }
});

test('the alerts that are shipped say what they should, and each expression of the dashboard is one', async () => {
  await done(['promtool', 'test', 'rules', `${examples}ctvirt.rules.test.yml`]);
  const dashboard: unknown = JSON.parse(readFileSync(`${examples}ctvirt.dashboard.json`, 'utf8'));
  const expressions = expressionsIn(dashboard).map((expression) =>
    expression.replaceAll('$__rate_interval', '5m').replaceAll(/\$\w+/g, 'any'),
  );
  assert.ok(expressions.length > 20);
  const rules = expressions.map((expr, at) => ({ record: `panel:${at}`, expr }));
  const file = `${world.host}/panels.yml`;
  writeFileSync(file, JSON.stringify({ groups: [{ name: 'panels', rules }] }));
  await done(['promtool', 'check', 'rules', file]);
});

test('a domain whose turn somebody else has keeps no scrape waiting', async () => {
  await world.run(domainXml({ name: 'held' }));
  await done(['virsh', '-c', world.uri('ctvirt'), 'domfsfreeze', 'held']);
  const began = performance.now();
  assert.match(
    await world.client.metrics.show(),
    /^ctvirt_domain_state\{domain="held",.*state="running"\} 1$/m,
  );
  assert.ok(performance.now() - began < 2000);
  await done(['virsh', '-c', world.uri('ctvirt'), 'domfsthaw', 'held']);
  await world.erase('held');
});

/** Also of a program that is not there, or has ended long before. */
const endOf = (child: ChildProcess): Promise<unknown> =>
  new Promise((resolve) => child.once('exit', resolve).once('error', resolve));

function expressionsIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(expressionsIn);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, one]: [string, unknown]) =>
    key === 'expr' && typeof one === 'string' ? [one] : expressionsIn(one),
  );
}

function fetchText(url: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    get(url, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (part: string) => (text += part));
      answer.on('end', () => resolve(text));
    }).on('error', () => resolve(undefined)); // not listening yet
  });
}
