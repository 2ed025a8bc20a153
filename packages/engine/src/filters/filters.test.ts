// The operations on network filters: what is defined stays, who names one keeps it, and nothing is changed by what is refused.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { MemoryDriver } from '../drivers/memory/driver.js';
import { isFault } from '../errors.js';
import { layoutOf } from '../state/layout.js';
import { documentPathIn, openMemoryEngine } from '../testing/memory-engine.js';

const options = { skip: process.getuid?.() === 0 ? false : "a daemon obeys root's files alone" };
const root = mkdtempSync(join(tmpdir(), 'cvf'));
chmodSync(root, 0o755);
const files = join(root, 'files');
mkdirSync(files);
after(() => rmSync(root, { recursive: true }));

async function daemon(name: string) {
  const layout = layoutOf(join(root, name));
  const driver = new MemoryDriver({ documentPath: documentPathIn(layout) });
  const log: string[] = [];
  const { engine } = await openMemoryEngine(layout, driver, (_, message) => void log.push(message));
  return { engine, filters: engine.filters, layout, log };
}
const fails = (code: Parameters<typeof isFault>[1], what: RegExp) => (error: unknown) =>
  isFault(error, code) && what.test(error.message);
const xmlOf = (
  name: string,
  inside = "<rule action='drop' direction='out'><tcp dstportstart='25'/></rule>",
) => `<filter name='${name}'>${inside}</filter>`;
const domainXml = (name: string, link: string): string =>
  `<domain type='lxc'><name>${name}</name><memory unit='MiB'>64</memory><os><type>exe</type></os><devices>` +
  `<filesystem type='mount'><source dir='${files}'/><target dir='/'/></filesystem>${link}</devices></domain>`;

test('a filter is defined, changed, found by the next daemon, and goes', options, async () => {
  const { filters } = await daemon('life');
  const { filter, findings } = await filters.define(xmlOf('own'));
  assert.deepEqual(findings, []);
  assert.deepEqual([filter.chain, filter.shipped, filter.filters], ['root', false, []]);
  const next = xmlOf('own', "<filterref filter='clean-traffic'/>");
  assert.equal((await filters.define(next)).filter.uuid, filter.uuid);
  await assert.rejects(
    filters.define(xmlOf('own', '<uuid>00000000-0000-4000-8000-000000000001</uuid>')),
    fails('exists', /already exists with uuid/),
  );
  await assert.rejects(
    filters.define(xmlOf('other', `<uuid>${filter.uuid}</uuid>`)),
    fails('exists', /filter 'own' already exists/),
  );
  const again = (await daemon('life')).filters;
  assert.match(again.xml(filter.uuid), /<filterref filter='clean-traffic'\/>/);
  await again.undefine('own');
  assert.throws(() => again.get('own'), fails('not-found', /no network filter/));
  assert.equal((await daemon('life')).filters.find({ name: 'own' }), undefined);
});

test('a filter goes while domains come, are renamed, and go', options, async () => {
  const { engine, filters } = await daemon('amid');
  const { uuid } = (await engine.define(domainXml('first', ''))).domain;
  let isOver = false;
  const renaming = async (): Promise<void> => {
    for (let round = 0; !isOver; round++) {
      await engine.rename(uuid, `renamed-${round}`);
      await sleep(5);
    }
  };
  const coming = async (): Promise<void> => {
    while (!isOver) {
      await engine.define(domainXml('brief', ''));
      await engine.undefine('brief');
    }
  };
  const filtering = async (): Promise<void> => {
    try {
      for (let round = 0; round < 40; round++) {
        await filters.define(xmlOf('own'));
        await filters.undefine('own');
      }
    } finally {
      isOver = true;
    }
  };
  await Promise.all([renaming(), coming(), filtering()]);
});

test('what is shipped is always there, and may be replaced', options, async () => {
  const { filters } = await daemon('shipped');
  const { uuid } = filters.get('clean-traffic');
  assert.equal(filters.find({ uuid })?.name, 'clean-traffic');
  assert.equal(filters.list().length, 24);
  await assert.rejects(filters.undefine('clean-traffic'), fails('unsupported', /comes with ctvirt/));
  await filters.define(xmlOf('clean-traffic'));
  assert.deepEqual([filters.get('clean-traffic').shipped, filters.list().length], [false, 24]);
  await filters.undefine('clean-traffic');
  assert.deepEqual([filters.get('clean-traffic').shipped, filters.get('clean-traffic').uuid], [true, uuid]);
});

test('a filter that is named is kept, and one that names what is not there is refused', options, async () => {
  const { engine, filters } = await daemon('named');
  await assert.rejects(filters.define(xmlOf('a', "<filterref filter='b'/>")), fails('not-found', /'b'/));
  await filters.define(xmlOf('b'));
  await filters.define(xmlOf('a', "<filterref filter='b'/>"));
  await assert.rejects(filters.undefine('b'), fails('in-use', /filter 'a' names filter 'b'/));
  await assert.rejects(
    filters.define(xmlOf('b', "<filterref filter='a'/>")),
    fails('invalid', /names itself/),
  );
  const link = "<interface type='bridge'><source bridge='br0'/><filterref filter='a'/></interface>";
  const { findings } = await engine.define(domainXml('web', link));
  assert.ok(findings.some(({ code, path }) => code === 'not-enforced' && /filterref/.test(path ?? '')));
  await assert.rejects(filters.undefine('a'), fails('in-use', /domain 'web' names filter 'a'/));
  await engine.undefine('web');
  await filters.undefine('a');
  await filters.undefine('b');
});

test(
  'what a filter cannot be kept for is told where it is defined and where it is named',
  options,
  async () => {
    const { engine, filters } = await daemon('told');
    const { findings } = await filters.define(
      xmlOf('a', "<rule action='reject' direction='out'><all ipset='bad' ipsetflags='src'/></rule>"),
    );
    assert.deepEqual(
      findings.map(({ code, message }) => [code, /ipset|rejected/.exec(message)?.[0]]),
      [
        ['not-enforced', 'ipset'],
        ['not-enforced', 'rejected'],
      ],
    );
    const names = async (more: string): Promise<string> => {
      const link = `<interface type='bridge'><source bridge='br0'/>${more}</interface>`;
      const told = await engine.define(domainXml('web', link));
      return told.findings.map(({ code, message }) => `${code}: ${message}`).join('\n');
    };
    assert.match(await names("<filterref filter='a'/>"), /no-filter: .*does not start with it: ipset/);
    assert.match(await names("<filterref filter='none'/>"), /no-filter: there is no network filter 'none'/);
    assert.match(await names("<filterref filter='allow-dhcp-server'/>"), /no-filter: .*\$DHCPSERVER/);
    assert.doesNotMatch(await names("<filterref filter='clean-traffic'/>"), /filter/);
  },
);

test('a damaged file hides no other filter', options, async () => {
  const { filters, layout } = await daemon('damaged');
  await filters.define(xmlOf('a'));
  await filters.define(xmlOf('b'));
  writeFileSync(join(layout.filters, 'a', 'filter.xml'), '<filter');
  const next = await daemon('damaged');
  assert.deepEqual(
    next.filters.list().flatMap(({ name, shipped }) => (shipped ? [] : [name])),
    ['b'],
  );
  assert.match(next.log.join('\n'), /a\/filter\.xml cannot be read/);
});
