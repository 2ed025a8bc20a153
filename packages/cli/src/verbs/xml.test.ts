// `ctvirt xml …` without a daemon: outputs, exit statuses, and documents that mean harm.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { invoke } from '../testing/harness.js';

const folder = mkdtempSync(join(tmpdir(), 'ctvirt-xml-'));
after(() => rmSync(folder, { recursive: true }));

const save = (name: string, text: string | Buffer): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};
const root = "<filesystem type='mount'><source dir='/srv/web'/><target dir='/'/></filesystem>";
const domainOf = (devices = root, more = '') =>
  `<domain type='lxc'>\n  <name>web</name>\n  ${more}<os><type>exe</type></os>\n  <devices>${devices}</devices>\n</domain>\n`;

const good = save('good.xml', domainOf());
const odd = save('odd.xml', domainOf(root, '<memmory>1</memmory>\n'));
const bad = save(
  'bad.xml',
  domainOf(`\n<filesystem type='templat'/>\n<interface type='ethernet'><ip address='10.0.0'/></interface>`),
);

describe('xml validate', () => {
  test('tells that documents are valid, and nothing if told to be quiet', async () => {
    assert.deepEqual(await invoke(['xml', 'validate', good]), {
      status: 0,
      out: `${good} is valid\n`,
      err: '',
    });
    assert.equal((await invoke(['xml', 'validate', good, good])).out, '2 documents are valid\n');
    assert.equal((await invoke(['xml', 'validate', '-q', good])).out, '');
    const input = domainOf();
    assert.equal((await invoke(['xml', 'validate', '-'], { input })).out, '<stdin> is valid\n');
    const device = await invoke(['xml', 'validate', '-'], { input: root });
    assert.deepEqual([device.status, device.out], [0, '<stdin> is valid\n']);
  });

  test('networks and filters are read as what they are, and written in the form that is asked for', async () => {
    const network =
      "<network><name>a</name><ip address='10.0.0.1' prefix='24'><dhcp><range start='10.0.0.9' end='10.0.1.9'/></dhcp></ip></network>";
    const { status, out } = await invoke(['xml', 'validate', '-'], { input: network });
    assert.equal(status, 8);
    assert.match(out, /'10\.0\.1\.9' is not within[\s\S]*at \/network\/ip\/dhcp\/range\/@end/);
    const filter = "<filter name='a'><rule action='drop' direction='in'><tcp/></rule></filter>";
    const written = await invoke(['xml', 'format', '--libvirt', '-'], { input: filter });
    assert.equal(
      written.out.replace(/\n */g, ''),
      "<filter name='a' chain='root'><rule action='drop' direction='in' priority='500'><tcp/></rule></filter>",
    );
    assert.match(
      (await invoke(['xml', 'validate', '-'], { input: '<pool/>' })).out,
      /the document is a <pool>/,
    );
  });

  test('tells every fault at once with its place, line and caret, and ends with 8', async () => {
    const { status, out, err } = await invoke(['xml', 'validate', bad, good]);
    assert.deepEqual([status, err], [8, '']);
    assert.match(out, /bad\.xml:5:13: error: .*'templat'; did you mean 'template'\?\n.*\n {14}\^\n/);
    assert.match(
      out,
      /bad\.xml:6:\d+: error: .*\n.*\n +\^\n {4}at \/domain\/devices\/interface\/ip\/@address/,
    );
    assert.match(out, /1 of 2 documents not valid: \d+ errors\n$/);
  });

  test('a warning leaves a document valid, but not with --strict, wherever it stands', async () => {
    const lenient = await invoke(['xml', 'validate', odd]);
    assert.equal(lenient.status, 0);
    assert.match(lenient.out, /warning: .*did you mean 'memory'\?/);
    assert.match(lenient.out, /odd\.xml is valid: 1 warning\n$/);
    for (const words of [
      ['--strict', odd],
      [odd, '--strict'],
    ]) {
      const { status, out } = await invoke(['xml', 'validate', ...words]);
      assert.equal(status, 8);
      assert.match(out, /odd\.xml is not valid: 1 error\n$/);
    }
  });

  test('gives the same as data', async () => {
    const { status, out } = await invoke(['xml', 'validate', '--json', good, bad]);
    assert.equal(status, 8);
    const [first, second] = JSON.parse(out);
    assert.deepEqual(first, { file: good, isValid: true, findings: [] });
    const finding = second.findings.find(({ code }: { code: string }) => code === 'unknown-type');
    assert.deepEqual([finding.line, finding.column, finding.suggestion], [5, 13, 'template']);
  });

  test('names a file that cannot be read and goes on; the status is then 1', async () => {
    const missing = join(folder, 'missing.xml');
    const { status, out, err } = await invoke(['xml', 'validate', missing, bad, folder]);
    assert.equal(status, 1);
    assert.equal(
      err,
      `error: cannot read ${missing}: no such file\nerror: cannot read ${folder}: it is a directory\n`,
    );
    assert.match(out, /1 of 1 document not valid/);
    assert.equal((await invoke(['xml', 'validate'])).status, 2);
  });

  test('refuses what means harm, soon', async () => {
    const lol = '<!DOCTYPE l [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;">]>';
    const hostile: readonly (readonly [string, string | Buffer, RegExp])[] = [
      ['doctype', `${lol}<domain><name>&b;</name></domain>`, /error/],
      ['deep', '<domain>'.repeat(100_000), /error/],
      ['wide', `<domain type='lxc'>${'<x/>'.repeat(200_000)}</domain>`, /error/],
      ['long', Buffer.alloc(20 * 1024 * 1024, 'a'), /more than \d+ bytes/],
      ['binary', Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0xff, 0xfe, 0x00]), /not UTF-8/],
      ['empty', '', /error/],
      ['proto', "<domain type='__proto__'><constructor/></domain>", /error/],
    ];
    for (const [name, text, message] of hostile) {
      const { status, out } = await invoke(['xml', 'validate', save(name, text)]);
      assert.equal(status, 8, name);
      assert.match(out, message, name);
      assert.ok(out.length < 200_000, `${name}: ${out.length} characters`);
    }
    assert.equal((await invoke(['xml', 'validate', '/dev/zero'])).status, 8);
  });

  test('lets no escape sequence through to the terminal', async () => {
    const file = save('escape.xml', domainOf(`<filesystem type='\u{9b}31m\u{1b}[31m'/>`));
    const { out } = await invoke(['xml', 'validate', file]);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
    assert.doesNotMatch(out, /[\x1b\x9b]/);
  });
});

describe('xml format', () => {
  const old = `<domain type='lxc'><name>web</name><!-- kept --><os><type>exe</type></os><odd/><devices>${root}</devices></domain>`;

  test('prints the canonical form, which it leaves as it is', async () => {
    const { status, out, err } = await invoke(['xml', 'format', '-'], { input: old });
    assert.equal(status, 0);
    assert.match(out, /^<domain type='lxc'>\n {2}<name>web<\/name>\n.*<!-- kept -->/s);
    assert.match(err, /^<stdin>:1:\d+: warning/);
    assert.equal((await invoke(['xml', 'format', '-'], { input: out })).out, out);
    const device = await invoke(['xml', 'format', '-'], { input: root });
    assert.match(device.out, /^<filesystem type='mount' accessmode='passthrough'>\n/);
    const libvirt = await invoke(['xml', 'format', '--libvirt', good]);
    assert.match(libvirt.out, /<on_crash>destroy<\/on_crash>/);
    const two = await invoke(['xml', 'format', good, good]);
    assert.equal(two.out, (await invoke(['xml', 'format', good])).out.repeat(2));
  });

  test('writes files in place, through links, with their mode, and only if they change', async () => {
    const file = save('rewrite.xml', old);
    const link = join(folder, 'link.xml');
    symlinkSync('rewrite.xml', link);
    const { status, out, err } = await invoke(['xml', 'format', '--write', '--json', link]);
    assert.deepEqual([status, err], [0, '']);
    const [told] = JSON.parse(out);
    assert.deepEqual([told.file, told.isChanged], [link, true]);
    assert.equal(readFileSync(file, 'utf8'), told.xml);
    const before = statSync(file);
    const again = await invoke(['xml', 'format', '--write', file]);
    assert.equal(again.out, '');
    assert.match(again.err, /rewrite\.xml unchanged\n$/);
    assert.deepEqual([statSync(file).ino, statSync(file).mode], [before.ino, before.mode]);
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.startsWith('.')),
      [],
    );
  });

  test('leaves a document with errors alone and goes on', async () => {
    const text = readFileSync(bad, 'utf8');
    const { status, out, err } = await invoke(['xml', 'format', '--write', bad, good]);
    assert.deepEqual([status, out], [8, '']);
    assert.match(err, /bad\.xml:5:13: error/);
    assert.equal(readFileSync(bad, 'utf8'), text);
    assert.equal((await invoke(['xml', 'format', '/missing.xml', good])).status, 1);
    assert.equal((await invoke(['xml', 'format', '--write', '-'])).status, 2);
  });
});

describe('xml schema', () => {
  test('a grammar and a JSON Schema, each by itself', async () => {
    const rng = await invoke(['xml', 'schema']);
    assert.deepEqual([rng.status, rng.err], [0, '']);
    assert.match(rng.out, /^<\?xml|^<grammar/);
    assert.equal((await invoke(['xml', 'schema', '--format', 'rng'])).out, rng.out);
    assert.equal(JSON.parse((await invoke(['xml', 'schema', '--format=rng', '--json'])).out).text, rng.out);
    const json = await invoke(['xml', 'schema', '--format', 'json']);
    assert.equal(typeof JSON.parse(json.out).$schema, 'string');
    assert.equal((await invoke(['xml', 'schema', '--json'])).out, json.out);
    const filters = await invoke(['xml', 'schema', 'filter']);
    assert.match(filters.out, /<ref name="filter"\/>/);
    assert.match((await invoke(['xml', 'schema', 'netwrk'])).err, /did you mean 'network'\?/);
    const wrong = await invoke(['xml', 'schema', '--format', 'jsn']);
    assert.equal(wrong.status, 2);
    assert.match(wrong.err, /did you mean 'json'\?/);
  });
});

describe('xml explain', () => {
  const explain = (...words: readonly string[]) => invoke(['xml', 'explain', ...words]);

  test('the entry of an element or attribute, also by the path that a finding names', async () => {
    const { status, out, err } = await explain('devices/filesystem/quota');
    assert.deepEqual([status, err], [0, '']);
    assert.match(out, /^devices\/filesystem\/quota\n/);
    assert.match((await explain('/domain/devices/filesystem[1]/@accessmode')).out, /^accessmode: /);
    assert.match((await explain('/network/ip[2]/dhcp/range/@start')).out, /^start: /);
    assert.match((await explain('filter/rule/tcp/@flags')).out, /^flags: /);
    assert.match((await explain()).out, /^domain\n[\s\S]*<devices>: /);
    const both = JSON.parse((await explain('--json', 'os', 'vcpu')).out);
    assert.deepEqual(
      both.map(({ path }: { path: string }) => path),
      ['os', 'vcpu'],
    );
  });

  test('a path that is none: the nearest, or where the name stands', async () => {
    const { status, out, err } = await explain('devices/filesytem/quota', 'os');
    assert.equal(status, 1);
    assert.match(err, /did you mean 'devices\/filesystem\/quota'\?/);
    assert.match(out, /^os\n/);
    assert.match((await explain('quota')).err, /it stands at .*devices\/filesystem\/quota/);
    assert.match((await explain('accessmode')).err, /it stands at devices\/filesystem\/@accessmode/);
    assert.equal((await explain('\u{1b}[31m')).err.includes('\u{1b}'), false);
  });
});
