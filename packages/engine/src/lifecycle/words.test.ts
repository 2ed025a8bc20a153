// Every string of a document: refused at define with its place, or carried into each file as that one value and nothing else.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatLxcConfig } from '@ctvirt/formats';
import { type Finding, formatDomain } from '@ctvirt/xml';
import fc from 'fast-check';
import { configRows } from '../drivers/lxc/config.js';
import { isFault } from '../errors.js';
import { domainRecord } from '../testing/record.js';
import { planOf, Reader } from './document.js';
import { readStored } from './stored-document.js';

const facts = { pageSize: 4096, hostCpus: 2, memoryBytes: 2 ** 50 };
const reader = new Reader(facts, () => Promise.reject(new Error('no profile')));

/** By the place where the string stands; each is the whole value. */
const fields = {
  name: 'web',
  title: 'Web',
  hostname: 'web',
  search: 'example.org',
  nameserver: 'fe80::1%eth0',
  init: '/sbin/init',
  initarg: 'x',
  initdir: '/',
  variable: 'LANG',
  value: 'C',
  source: '/srv/x',
  target: '/x',
  options: 'nosuid',
  bind: '/y',
  bridge: 'br0',
  guest: 'eth0',
  host: 'v0',
  address: '192.168.1.1',
};
type Field = keyof typeof fields;

const encoded = (text: string): string =>
  [...text]
    .map((character) => (/[\w/.:% -]/.test(character) ? character : `&#${character.codePointAt(0)};`))
    .join('');

function documentOf(values: Readonly<Record<Field, string>>): string {
  const v = Object.fromEntries(
    Object.entries(values).map(([key, value]) => [key, encoded(value)]),
  ) as typeof values;
  return `<domain type='openvz'>
<name>${v.name}</name>
<title>${v.title}</title>
<os><type>exe</type><init>${v.init}</init><initarg>${v.initarg}</initarg>
<initenv name='${v.variable}'>${v.value}</initenv><initdir>${v.initdir}</initdir></os>
<hostname>${v.hostname}</hostname>
<dns><nameserver address='${v.nameserver}'/><search domain='${v.search}'/></dns>
<devices>
<filesystem type='mount'><source dir='/srv/root'/><target dir='/'/></filesystem>
<filesystem type='mount'><source dir='${v.source}' options='${v.options}'/><target dir='${v.target}'/></filesystem>
<filesystem type='bind'><source dir='${v.bind}'/><target dir='/bound'/></filesystem>
<interface type='bridge'><source bridge='${v.bridge}'/><target dev='${v.host}'/><guest dev='${v.guest}'/>
<ip address='${v.address}' family='ipv4' prefix='24'/></interface>
</devices>
</domain>`;
}

const record = domainRecord({
  uuid: '8509a1d4-1569-4467-8b37-4e433a1ac7b1',
  type: 'openvz',
  ctid: 105,
  ids: { start: 1 << 30, count: 65_536 },
});

type Accepted = Awaited<ReturnType<Reader['read']>>;

async function defined(values: typeof fields): Promise<Accepted | readonly Finding[]> {
  try {
    return await reader.read(documentOf(values), { strict: false });
  } catch (error) {
    if (!isFault(error, 'invalid') || error.details.findings === undefined) throw error;
    return error.details.findings;
  }
}

async function assertCarried({ domain, parts }: Accepted, values: typeof fields): Promise<void> {
  const own = { ...record, hostname: parts.hostname, name: parts.name };
  const plan = planOf(readStored(formatDomain(domain), own.name), own, facts);
  const [hostname, hosts, resolver] = plan.guestFiles.map(({ text }) =>
    text({ present: 'missing', made: 'missing', beside: () => 'missing' }),
  );
  assert.match(hostname ?? '', /^\S{1,64}\n$/);
  assert.match(hosts ?? '', /^127\.0\.0\.1\tlocalhost\n(127\.0\.1\.1\t\S+( \S+)?\n)?::1\tlocalhost .+\n$/);
  assert.match(resolver ?? '', /^search \S+\nnameserver \S+\n$/);
  const rows = configRows({
    plan,
    filesystems: plan.filesystems.map(({ target, readOnly }) => ({ target, path: '/run/mnt', readOnly })),
    views: [],
    devices: [],
    limits: [],
    cgroupVersion: 2,
    cgroupParent: 'ctvirt',
    rlimits: { nofile: '1024:524288' },
    oomScore: undefined,
    endedPath: () => '/run/ended',
    appArmor: 'off',
  } as unknown as Parameters<typeof configRows>[0]);
  assert.equal(formatLxcConfig(rows).split('\n').length, rows.length + 1);
  assert.deepEqual(plan.program, [values.init, values.initarg]);
  const { native } = await reader.documents(domain, own);
  for (const line of (native['105.conf'] ?? '').split('\n'))
    assert.match(line, /^(#.*|[A-Z0-9_]+="[^"`\\\p{Cc}]*")?$/u);
}

const bad = [
  '\n',
  '\r',
  '\t',
  '\u009b',
  '\u0085',
  '\x7f',
  ' ',
  '/',
  ':',
  '"',
  "'",
  '\\',
  '#',
  '=',
  '$(x)',
  '`x`',
  ';',
  '..',
  '%',
];
const lines = ['\nlxc.hook.start = /x', '\nnameserver 8.8.8.8', '\nONBOOT="yes"', '\rsearch evil'];
const text = fc
  .array(fc.oneof(fc.constantFrom(...bad, ...lines), fc.stringMatching(/^[a-z0-9é東]{1,8}$/)), {
    maxLength: 5,
  })
  .map((parts) => parts.join(''));

test('no string of a document adds a line or a key to any file, and what is taken can be written', async () => {
  let accepted = 0;
  const property = fc.asyncProperty(
    fc.constantFrom(...(Object.keys(fields) as Field[])),
    text,
    async (field, value) => {
      const filled =
        field === 'title' || field === 'initarg' || field === 'value' ? value : `${fields[field]}${value}`;
      const values = { ...fields, [field]: filled };
      const read = await defined(values);
      if (!('domain' in read)) {
        const first = read.find(({ severity }) => severity === 'error');
        assert.ok(first !== undefined && first.line > 0 && first.column > 0 && first.path !== '', field);
        return;
      }
      accepted++;
      await assertCarried(read, values);
    },
  );
  await fc.assert(property, { numRuns: 600 });
  assert.ok(accepted > 40, `${accepted} were accepted`);
});

test('line breaks are refused where they would make another line, and kept where they may stand', async () => {
  for (const field of Object.keys(fields) as Field[]) {
    if (field === 'initarg') continue;
    for (const character of ['\n', '\u009b']) {
      if (field === 'title' && character !== '\n') continue;
      const read = await defined({ ...fields, [field]: `${fields[field]}${character}x` });
      assert.ok(!('domain' in read), `${field} takes ${JSON.stringify(character)}`);
    }
  }
  const script = 'trap exit TERM\nwhile :; do\n\tsleep 1\ndone';
  const values = { ...fields, initarg: script };
  const read = await defined(values);
  assert.ok('domain' in read);
  await assertCarried(read, values);
});
