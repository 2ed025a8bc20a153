// `ctvirt convert` on files and whole folders: what is printed and written, what is told of it, and trees that mean harm.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, beforeEach, describe, test } from 'node:test';
import { parseDomainOrThrow } from '@ctvirt/xml';
import { invoke } from '../testing/harness.js';

const top = mkdtempSync(join(tmpdir(), 'ctvirt-convert-'));
after(() => rmSync(top, { recursive: true }));
let folder = top;
beforeEach(() => {
  folder = mkdtempSync(join(top, 'case-'));
});

const save = (path: string, text: string): string => {
  const place = join(folder, path);
  mkdirSync(dirname(place), { recursive: true });
  writeFileSync(place, text);
  return place;
};
const conf = (more = '') =>
  `OSTEMPLATE="debian-12"\nHOSTNAME="web"\nPHYSPAGES="0:65536"\nDISKSPACE="1G:2G"\nCAPABILITY="VE_ADMIN:on"\n${more}`;
const convert = (...words: readonly string[]) => invoke(['convert', ...words]);

interface Told {
  readonly name: string;
  readonly isConverted: boolean;
  readonly autostart?: boolean;
  readonly files?: readonly { readonly path: string; readonly text?: string }[];
  readonly report: readonly {
    readonly key: string;
    readonly file: string;
    readonly line: number;
    readonly status: string;
  }[];
  readonly error?: { readonly code: string };
}
const toldBy = async (...words: readonly string[]) => {
  const { status, out } = await convert('--json', ...words);
  return { status, told: JSON.parse(out) as readonly Told[] };
};

describe('one configuration', () => {
  test('its document alone on standard output, each key with file and line on the other', async () => {
    const file = save('vz/conf/105.conf', conf('ODD="x"\n'));
    const { status, out, err } = await convert('--from', 'openvz', '--to', 'domxml', file);
    assert.equal(status, 0);
    assert.equal(parseDomainOrThrow(out).name, '105');
    const rows = err.split('\n').map((line) => line.trim().split(/ {3,}/));
    assert.deepEqual(rows[0], ['Key', 'Where', 'Status', 'How, or why not']);
    const rowOf = (key: string) => rows.find(([first]) => first === key);
    assert.deepEqual(rowOf('HOSTNAME')?.slice(1, 3), [`${file}:2`, 'carried']);
    assert.deepEqual(rowOf('ODD')?.slice(1, 3), [`${file}:6`, 'ignored']);
    assert.equal((await convert('-q', file)).err, '');
  });

  test('standard input, and what it looks like tells its format', async () => {
    for (const [input, name] of [
      [conf(), '101'],
      ['lxc.uts.name = a\nlxc.rootfs.path = /srv/a\n', undefined],
      ['create -b\nset zonepath=/zones/z\n', undefined],
    ] as const) {
      const { status, out, err } = await invoke(['convert', '-'], { input });
      assert.equal(status, 0, err);
      assert.ok(name === undefined || parseDomainOrThrow(out).name === name);
    }
    assert.equal((await invoke(['convert', '-'], { input: 'hello\n' })).status, 1);
  });

  test('a format without templates takes the files in place, and so does --in-place', async () => {
    const file = save('105.conf', conf('VE_PRIVATE="/srv/$VEID"\n'));
    assert.match((await convert('--to', 'lxc', file)).out, /^lxc\.rootfs\.path = dir:\/srv\/105$/m);
    assert.match((await convert(file)).out, /<source name='debian-12'\/>/);
    assert.match((await convert('--in-place', file)).out, /<source dir='\/srv\/105'\/>/);
  });

  test('--strict refuses what would lose a key, and nothing arrives', async () => {
    const file = save('105.conf', conf('ODD="x"\n'));
    const refused = await convert('--strict', file);
    assert.deepEqual([refused.status, refused.out], [8, '']);
    assert.match(refused.err, /^ ODD +.*:6 +ignored /m);
    assert.doesNotMatch(refused.err, /HOSTNAME/);
    const whole = save('106.conf', 'OSTEMPLATE="a"\nHOSTNAME="b"\nONBOOT="yes"\n');
    assert.equal((await convert('--strict', whole)).status, 0);
    const { status, told } = await toldBy('--strict', file);
    assert.deepEqual([status, told[0]?.isConverted, told[0]?.files], [8, false, undefined]);
  });

  test('there and back is the same', async () => {
    const file = save('105.conf', conf('ONBOOT="yes"\n'));
    const { out } = await convert(file);
    const back = await convert('--to', 'openvz', save('105.xml', out));
    const again = await convert(save('back/105.conf', back.out));
    assert.equal(again.out, out);
  });

  test('a container of Proxmox VE is called one, and a file that is not there is missing', async () => {
    const text = 'arch: amd64\nhostname: shop\nrootfs: fast:subvol-613-disk-0,size=6G\n';
    for (const more of ['', 'lxc.cgroup2.devices.allow: c 10:200 rwm\n']) {
      const { status, out, err } = await convert(save('613.conf', text + more));
      assert.deepEqual([status, out], [8, '']);
      assert.match(err, /Proxmox VE/);
    }
    const config = save('a/config', `lxc.include = ${folder}/none.conf\nlxc.rootfs.path = /srv/a\n`);
    assert.match((await convert(config)).err, /none\.conf: there is no such file/);
  });

  test('what says nothing of autostart is not told to stay down', async () => {
    const { out } = await convert(save('105.conf', conf()));
    assert.doesNotMatch((await convert('--to', 'openvz', save('105.xml', out))).out, /ONBOOT/);
  });

  test('a wrong command line', async () => {
    const file = save('105.conf', conf());
    for (const words of [
      ['--to', 'openvz', file],
      ['--to', 'opnvz', file],
      ['--from', 'xml', file],
      ['--force', file],
      [],
    ])
      assert.equal((await convert(...words)).status, 2, words.join(' '));
    assert.match((await convert('--to', 'opnvz', file)).err, /did you mean 'openvz'\?/);
  });
});

describe('whole folders', () => {
  test('every container of one, with what they inherit; one that cannot be read costs only itself', async () => {
    save('etc/vz/vz.conf', 'VE_PRIVATE="/data/$VEID"\n');
    for (const ctid of [101, 102, 103]) save(`etc/vz/conf/${ctid}.conf`, 'HOSTNAME="a"\n');
    const from = join(folder, 'etc/vz');
    for (const place of [from, join(from, 'conf')]) {
      const { status, told } = await toldBy(place);
      assert.equal(status, 0);
      assert.deepEqual(
        told.map(({ name }) => name),
        ['101', '102', '103'],
      );
      assert.match(told[0]?.files?.[0]?.text ?? '', /<source dir='\/data\/101'\/>/);
    }
    const xml = join(folder, 'xml');
    assert.equal((await convert('--output', xml, from)).status, 0);
    writeFileSync(join(xml, '102.xml'), '<domain><name>102</name>');
    const lxc = join(folder, 'lxc');
    const partly = await convert('--to', 'lxc', '--output', lxc, xml);
    assert.equal(partly.status, 8);
    assert.match(partly.err, /102 \(.*102\.xml\) cannot be converted/);
    assert.match(partly.err, /^2 converted, 1 not$/m);
    assert.deepEqual(readdirSync(lxc).sort(), ['101', '103']);
  });

  test("OpenVZ 7's containers where they lie, each in a folder of its own", async () => {
    const uuid = '0a0b0c0d-1111-4222-8333-123456789abc';
    save(`private/${uuid}/ve.conf`, conf());
    save('private/101/ve.conf', conf());
    const { told } = await toldBy(join(folder, 'private'));
    assert.deepEqual(
      told.map(({ name }) => name),
      [uuid],
      'what lies in a folder with a number is the root of a container',
    );
  });

  test('there to /etc/vservers and back', async () => {
    const xml = save(
      'web.xml',
      `<domain type='vserver'><name>web</name><os><type>exe</type></os><hostname>www</hostname>
      <devices><filesystem type='mount'><source dir='/vservers/web'/><target dir='/'/></filesystem></devices></domain>`,
    );
    const tree = join(folder, 'vservers');
    assert.equal((await convert('--to', 'vserver', '--output', tree, xml)).status, 0);
    assert.equal(readFileSync(join(tree, 'web/uts/nodename'), 'utf8').trim(), 'www');
    for (const path of [tree, join(tree, 'web')])
      assert.match((await convert(path)).out, /<hostname>www<\/hostname>/, path);
    mkdirSync(join(tree, 'no-guest/uts/nodename/deep'), { recursive: true });
    mkdirSync(join(tree, 'other/a/b'), { recursive: true });
    assert.equal((await convert('-q', tree)).status, 0);
    const { out } = await convert('--from', 'vserver', tree);
    const { name, hostname } = parseDomainOrThrow(out);
    assert.deepEqual([name, hostname], ['web', 'www']);
  });

  test("LXC's includes, those of includes, and folders of them", async () => {
    const more = save('share/more.conf', `lxc.include = ${join(folder, 'share/d')}\nlxc.uts.name = inner\n`);
    save('share/d/x.conf', 'lxc.environment = A=1\n');
    save('share/d/x.txt', 'lxc.environment = B=1\n');
    save('lxc/web/config', `lxc.include = ${more}\nlxc.rootfs.path = dir:/srv/web\n`);
    save('lxc/web/rootfs/config', 'lxc.uts.name = no\n');
    save('lxc/loop/config', `lxc.include = ${join(folder, 'lxc/loop/config')}\nlxc.rootfs.path = /srv/l\n`);
    const { status, told } = await toldBy(join(folder, 'lxc'));
    assert.equal(status, 0);
    assert.deepEqual(
      told.map(({ name }) => name),
      ['loop', 'web'],
    );
    const text = told[1]?.files?.[0]?.text ?? '';
    assert.match(text, /<hostname>inner<\/hostname>/);
    assert.match(text, /<initenv name='A'>1<\/initenv>/);
    assert.doesNotMatch(text, /name='B'/);
  });

  test('links in a folder are left out and told, and never lead out of it', async () => {
    save('vz/101.conf', conf());
    const secret = save('secret', 'HOSTNAME="secret"\nOSTEMPLATE="x"\nNUMPROC="1"\n');
    symlinkSync(secret, join(folder, 'vz/102.conf'));
    symlinkSync('/dev/zero', join(folder, 'vz/103.conf'));
    const { status, out, err } = await convert(join(folder, 'vz'));
    assert.equal(status, 0);
    assert.doesNotMatch(out, /secret/);
    assert.match(err, /left out: .*102\.conf is a link/);
    assert.match(err, /left out: .*103\.conf is a link/);
  });

  test('results stay below --output, over nothing that is there', async () => {
    const file = save('105.conf', conf());
    const output = join(folder, 'out');
    assert.equal((await convert('--to', 'lxc', '--output', output, file)).status, 0);
    assert.match((await convert('--to', 'lxc', '--output', output, file)).err, /there already: --force/);
    assert.equal((await convert('--to', 'lxc', '--output', output, '--force', file)).status, 0);
    const outside = join(folder, 'outside');
    mkdirSync(outside);
    rmSync(join(output, '105'), { recursive: true });
    symlinkSync(outside, join(output, '105'));
    const led = await convert('--to', 'lxc', '--output', output, '--force', file);
    assert.equal(led.status, 1);
    assert.deepEqual(readdirSync(outside), []);
    for (const name of ['../up', '/abs', '..', 'a/../../b']) {
      const bad = save(
        'bad.xml',
        `<domain type='lxc'><name>${name}</name><os><type>exe</type></os><devices/></domain>`,
      );
      await convert('--to', 'lxc', '--output', output, bad);
      assert.deepEqual(readdirSync(output).sort(), ['105'], name);
    }
  });

  test('two containers of one name do not write over each other, --force or not', async () => {
    const [one, other] = [save('a/105.conf', conf()), save('b/105.conf', conf())];
    const { status, err } = await convert('--force', '--output', join(folder, 'out'), one, other);
    assert.equal(status, 1);
    assert.match(err, /105\.xml is another container's already/);
    assert.match(err, /1 converted, 1 not/);
  });

  test('a path that is not there costs only itself', async () => {
    const file = save('105.conf', conf());
    const { status, err } = await convert(join(folder, 'none'), file);
    assert.equal(status, 1);
    assert.match(err, /cannot read .*none: no such file/);
    assert.match(err, /1 converted, 1 not/);
  });
});
