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
import { cgroupsOf } from '../world/inventory.js';
import { countingReads } from '../world/reads.js';
import { waitFor } from '../world/wait.js';
import { busybox, World } from '../world/world.js';

const examples = fileURLToPath(new URL('../../../examples/', import.meta.url));
let world: World;
before(async () => {
  world = await World.open();
  await world.run(
    domainXml({
      name: 'scraped',
      type: 'openvz',
      more: `<memory unit='KiB'>65536</memory><vcpu>2</vcpu>
        <metadata><ctvirt:beancounters xmlns:ctvirt='urn:ctvirt:beancounters:1'>
          <ctvirt:parameter name='numproc' barrier='16' limit='16'/>
        </ctvirt:beancounters></metadata>`,
      interfaces: ["<interface type='network'><source network='default'/></interface>"],
      // With a limit its files are counted.
      filesystems: [
        `<filesystem type='template'><source name='${busybox}'/><target dir='/'/><space_hard_limit unit='MiB'>40</space_hard_limit></filesystem>`,
      ],
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
    await waitFor('a look at what the exporter sees', isAllTold).catch(() => assert.deepEqual(left, []));
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

/** What Prometheus answers to a query. */
interface Answer {
  readonly status: string;
  readonly error?: string;
  readonly data: { readonly result: readonly unknown[] };
}

/** Asks a Prometheus that reads the daemon's metrics, Incus' names by a job of their own. */
async function withPrometheus(work: (ask: (query: string) => Promise<Answer>) => Promise<void>) {
  const token = await world.client.web.open({ body: { role: 'metrics' } });
  const folder = `${world.host}/prometheus`;
  mkdirSync(folder);
  writeFileSync(`${folder}/token`, token.token ?? '', { mode: 0o600 });
  const job = {
    scrape_interval: '1s',
    authorization: { credentials_file: 'token' },
    static_configs: [{ targets: [new URL(token.url).host] }],
  };
  const jobs = [
    { job_name: 'ctvirt', ...job },
    { job_name: 'incus', params: { families: ['incus'] }, ...job },
  ];
  writeFileSync(`${folder}/prometheus.yml`, JSON.stringify({ scrape_configs: jobs }));
  const [file = '', ...args] = world.enclosure.argv(
    ...['prometheus', `--config.file=${folder}/prometheus.yml`, `--storage.tsdb.path=${folder}/data`],
    ...['--web.listen-address=127.0.0.1:9090', '--log.level=error'],
  );
  const prometheus = spawn(file, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  const gone = endOf(prometheus);
  const curl = async (...args: readonly string[]): Promise<string> =>
    await world.enclosure.output('curl', '--silent', ...args);
  const at = 'http://127.0.0.1:9090';
  try {
    const patience = ['--retry', '30', '--retry-connrefused', '--retry-delay', '1'];
    await curl('--fail', ...patience, `${at}/-/ready`);
    await work(async (query) =>
      JSON.parse(await curl('--get', '--data-urlencode', `query=${query}`, `${at}/api/v1/query`)),
    );
  } finally {
    prometheus.kill();
    await gone;
    await world.client.web.revoke({ session: token.id });
  }
}

/** What nobody has taken a backup of has none that grows old; what a kernel does not count is not told, nor what is judged by that. */
async function perhapsNotThere(): Promise<RegExp> {
  const { uncounted } = await world.client.host.facts();
  const families = {
    waited: 'ctvirt_cpu_waited|ctvirt_guarantee_domain_kept',
    memoryStalled: 'ctvirt_memory_stalled|ctvirt_memory_reclaims',
    diskWritten: 'ctvirt_io_written|incus_disk_writ',
  };
  const gone = Object.entries(families).flatMap(([name, pattern]) => (name in uncounted ? [pattern] : []));
  return new RegExp(['ctvirt_backup_age', ...gone].join('|'));
}

/** What Grafana's dashboard 19727 asks for, with its variables filled in. */
const ofIncus = '{job="incus",project="default",name="scraped"}';
const incusQueries = [
  `sum by (name) (rate(incus_cpu_seconds_total${ofIncus}[5m]))`,
  `incus_memory_MemTotal_bytes${ofIncus} - incus_memory_MemFree_bytes${ofIncus} - incus_memory_Cached_bytes${ofIncus}`,
  `incus_memory_Swap_bytes${ofIncus}`,
  `1 - incus_filesystem_avail_bytes{mountpoint="/",name="scraped"} / incus_filesystem_size_bytes{mountpoint="/",name="scraped"}`,
  ...['read_bytes', 'written_bytes', 'reads_completed', 'writes_completed'].map(
    (name) => `rate(incus_disk_${name}_total${ofIncus}[5m])`,
  ),
  ...['receive', 'transmit'].flatMap((way) =>
    ['bytes', 'packets', 'errs', 'drop'].map(
      (name) => `rate(incus_network_${way}_${name}_total${ofIncus}[5m])`,
    ),
  ),
  `increase(incus_memory_OOM_kills_total${ofIncus}[5m])`,
  `incus_procs_total${ofIncus}`,
];

test('Prometheus reads them with a token: no panel of a dashboard is empty', async () => {
  await withPrometheus(async (ask) => {
    const crowd = 'i=0; while [ $i -lt 30 ]; do sleep 5 & i=$((i+1)); done 2>/dev/null; wait';
    const wanted = [
      'libvirt_domain_info_cpu_time_seconds_total / libvirt_domain_info_virtual_cpus',
      'rate(libvirt_domain_interface_stats_receive_bytes_total[5m]) * on (domain, target_device) group_left (source_bridge, virtual_interface) libvirt_domain_interface_meta',
      'rate(libvirt_domain_block_stats_read_bytes_total[5m]) * on (domain, target_device) group_left (disk_type) libvirt_domain_block_meta',
      'libvirt_domain_memory_stats_used_percent * on (domain) group_left (instance_name) libvirt_domain_info_meta',
      ...panels('.*'),
      ...incusQueries,
    ];
    const perhaps = await perhapsNotThere();
    await waitFor('the first sample', async () => (await ask(wanted[0] ?? '')).data.result.length > 0);
    await world.exec('scraped', '/bin/sh', '-c', crowd);
    for (const query of wanted) {
      const isTold = async () => {
        const { status, error, data } = await ask(query);
        assert.equal(status, 'success', `${query}: ${error}`);
        return data.result.length > 0;
      };
      if (perhaps.test(query)) await isTold();
      else await waitFor(query, isTold);
    }
  });
});

test('a scrape reads no control group', async () => {
  await countingReads(cgroupsOf(world.root), async (reads) => {
    await world.client.beancounters.show({ domain: 'scraped' });
    assert.ok((await reads.count()) > 0, 'who does read one is seen');
    const scrapes = 300;
    for (let at = 0; at < scrapes; at++) await world.client.metrics.show({ families: 'own,libvirt,incus' });
    const count = await reads.count();
    // Meanwhile the daemon looks by itself: every ten seconds at all, every three at refusals.
    assert.ok(count < scrapes, `${scrapes} scrapes, and ${count} reads`);
  });
});

test('the alerts that are shipped say what they should, and each expression of the dashboard is one', async () => {
  await done(['promtool', 'test', 'rules', `${examples}ctvirt.rules.test.yml`]);
  const rules = panels('any').map((expr, at) => ({ record: `panel:${at}`, expr }));
  assert.ok(rules.length > 20);
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

/** What the dashboard that is shipped asks for, with its variables filled in. */
function panels(variable: string): string[] {
  const dashboard: unknown = JSON.parse(readFileSync(`${examples}ctvirt.dashboard.json`, 'utf8'));
  return expressionsIn(dashboard).map((expression) =>
    expression.replaceAll('$__rate_interval', '5m').replaceAll(/\$\w+/g, variable),
  );
}

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
