// Every verb against a daemon: what it prints, in words and as JSON, and how it ends.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { type LifeEntry, version } from '@ctvirt/api';
import { exitStatuses } from './exit-status.js';
import { domainXml, invoke, promisedTooMuch, withDaemon } from './testing/harness.js';
import { verbs } from './verbs/index.js';

describe('ctvirt', () => {
  const daemon = withDaemon();
  const { ctvirt } = daemon;
  const define = async (name: string) => {
    const { status } = await ctvirt('define -', { input: domainXml(name) });
    assert.equal(status, 0);
  };
  const json = async (words: string) => {
    const { status, out, err } = await ctvirt(`${words} --json`);
    assert.equal(status, 0, err);
    return JSON.parse(out);
  };

  test('takes a document in the encoding that it says, and none whose text is not that', async () => {
    const text = `<?xml version='1.0' encoding='ISO-8859-1'?>${domainXml('old').replace('</name>', '</name><title>M\u00fcller</title>')}`;
    const file = join(daemon.folder, 'latin.xml');
    writeFileSync(file, Buffer.from(text, 'latin1'));
    for (const [verb, end] of [
      ['define', 'undefine'],
      ['create --transient', 'destroy'],
    ]) {
      assert.equal((await ctvirt(`${verb} ${file}`)).status, 0);
      assert.match((await ctvirt('dumpxml old')).out, /<title>M\u00fcller<\/title>/);
      assert.equal((await ctvirt(`${end} old`)).status, 0);
    }
    writeFileSync(file, Buffer.from(text.replace('ISO-8859-1', 'UTF-8'), 'latin1'));
    const { status, err } = await ctvirt(`define ${file}`);
    assert.equal(status, 8);
    assert.match(err, /the text is not UTF-8/);
  });

  test('tells what happened to a domain, from a time on, and refuses what is none', async () => {
    await define('logged');
    await ctvirt('start logged');
    await ctvirt('set logged --numproc 77 --config');
    await ctvirt('destroy logged');
    const { out } = await ctvirt('log logged');
    const whats = [...out.matchAll(/^ [-\d]+ [:\d]+ {3}(.*?) {3}/gm)].map(([, what]) => what?.trim());
    assert.deepEqual(whats, [
      'defined (added)',
      'started',
      'changed (config): NUMPROC=77',
      'stopped (destroyed)',
    ]);
    const all: LifeEntry[] = await json('log logged --since 1h');
    assert.equal(all.length, 4);
    assert.deepEqual(await json('log logged --last 1'), all.slice(-1));
    const later = await ctvirt('log logged --since 2999-01-01T00:00:00Z');
    assert.deepEqual([later.out, later.err], ['', 'Nothing is known of that time.\n']);
    for (const [words, said] of [
      ['--last 0', /log: --last takes a number from 1 on/],
      ['--since noon', /log: --since is a time as 2026-11-30T12:00:00Z, not 'noon'/],
    ] as const) {
      const { status, err } = await ctvirt(`log logged ${words}`);
      assert.equal(status, 2, err);
      assert.match(err, said);
    }
    assert.equal((await ctvirt('undefine logged')).status, 0);
  });

  test("takes a domain through its life in virsh's words", async () => {
    const file = join(daemon.folder, 'life.xml');
    writeFileSync(file, domainXml('life'));
    const steps = [
      [`define ${file}`, `Domain 'life' defined from ${file}\n`],
      ['domstate life', 'shut off\n\n'],
      ['start life', "Domain 'life' started\n"],
      ['domstate life --reason', 'running (booted)\n\n'],
      ['suspend life', "Domain 'life' suspended\n"],
      ['domstate life', 'paused\n\n'],
      ['resume life', "Domain 'life' resumed\n"],
      ['reboot life', "Domain 'life' is being rebooted\n"],
      ['reboot life --wait', "Domain 'life' rebooted\n"],
      ['autostart life', "Domain 'life' marked as autostarted\n"],
      ['autostart life --disable', "Domain 'life' unmarked as autostarted\n"],
      ['shutdown life --timeout 5', "Domain 'life' is shut off\n"],
      ['start -q life', ''],
      ['destroy life', "Domain 'life' destroyed\n"],
      ['undefine life --storage', "Domain 'life' has been undefined\n"],
    ] as const;
    for (const [words, expected] of steps)
      assert.deepEqual(await ctvirt(words), { status: 0, out: expected, err: '' }, words);
    assert.equal((await ctvirt('domstate life')).status, 3);
  });

  test('what passed links is told by days of one domain, and of all as sums', async () => {
    await define('billed');
    const { uuid } = await json('dominfo billed');
    const days = { '07': ['5368709120', '4000000', '1024', '9'], '29': ['9007199254740993', '1', '2', '3'] };
    const gone = { name: 'left', days: { '01': ['100', '1', '0', '0'] } };
    writeFileSync(
      join(daemon.root, 'lib/traffic/2025-11.json'),
      JSON.stringify({
        version: 1,
        month: '2025-11',
        sequence: 1,
        links: {},
        domains: { [uuid]: { name: 'old', days }, u2: gone },
      }),
    );
    const one = await ctvirt('traffic billed --month 2025-11');
    assert.equal(
      one.out,
      `billed (${uuid})

 Day          In        Out       Packets in   Packets out
------------------------------------------------------------
 2025-11-07   5.0 GiB   1.0 KiB   4000000      9
 2025-11-29   8.0 PiB   2 B       1            3
 2025-11      8.0 PiB   1.0 KiB   4000001      12

`,
    );
    const all = await ctvirt('traffic --month 2025-11');
    assert.match(
      all.out,
      / billed +.* 8\.0 PiB .*\n left \(gone\) +u2 +100 B .*\n all +8\.0 PiB +1\.0 KiB +4000002 +12\n/,
    );
    const [report] = await json('traffic billed --month 2025-11');
    assert.equal(report.total.inBytes, String(9007199254740993n + 5368709120n));
    assert.deepEqual((await json('traffic billed'))[0].days, []);
    assert.equal((await ctvirt('traffic --month 2025-1')).status, 8);
    assert.match((await ctvirt('traffic --month 2025-13')).err, /'2025-13' is no month/);
    await ctvirt('undefine billed --storage');
  });

  test('what is kept of a domain that is gone is shown, given to another one, and erased', async () => {
    await ctvirt('template build busybox');
    const xml = domainXml('first').replace(
      /<filesystem.*<\/filesystem>/,
      "<filesystem type='template'><source name='busybox'/><target dir='/'/></filesystem>",
    );
    await ctvirt('define -', { input: xml });
    const { uuid } = await json('dominfo first');
    assert.match((await ctvirt('undefine first')).err, /its files are kept as root 'first~1'/);
    const gone = await ctvirt('undefine first --storage');
    assert.equal(gone.status, 3);
    assert.match(gone.err, /of one that is gone 'first~1' is kept: ctvirt root erase first~1 erases it/);
    assert.match((await ctvirt('root list')).out, /first~1 +first +busybox +\d/);
    assert.match((await ctvirt('root list -o root,uuid')).out, new RegExp(` first~1 +${uuid}\n`));
    assert.match((await ctvirt('define -', { input: xml })).err, /its root is new: .*'first~1'/);
    assert.equal((await ctvirt('rename first second')).out, "Domain 'first' renamed to 'second'\n");
    assert.equal(
      (await ctvirt('root adopt first~1 second')).out,
      "Domain 'second' has the root 'first~1'; what it had before is kept as 'second~1'\n",
    );
    assert.equal((await ctvirt('root list --name')).out, 'second~1\n');
    assert.match(
      (await ctvirt('root erase second~1')).out,
      /^Root 'second~1' of the domain 'second' \([0-9a-f-]{36}\) erased\n$/,
    );
    assert.equal((await ctvirt('root erase second~1')).status, 3);
    await ctvirt('undefine second --storage');
    await ctvirt('template remove busybox');
  });

  test('a domain that is not there is not found, by every verb that takes one', {
    timeout: 120_000,
  }, async () => {
    const more: Readonly<Record<string, string>> = {
      guarantees: '--delivered',
      exec: 'true',
      push: '- /x',
      pull: '/x',
      set: '--numproc 10',
      events: '--timeout 5',
      rename: 'other',
      clone: 'other',
      export: 'x.tar',
      migrate: 'ctvirt+ssh://far/',
      'root adopt': 'nosuch',
      'snapshot info': 'before',
      'snapshot dumpxml': 'before',
      'snapshot revert': 'before',
      'snapshot delete': 'before',
      'snapshot diff': 'before',
    };
    // Domains that are gone have backups, too.
    const isOfAll = (name: string): boolean => /^backup |^restore$/.test(name);
    for (const { name, failureStatus = 3 } of verbs.filter(({ args }) => 'domain' in args)) {
      if (isOfAll(name)) continue;
      const { status, err } = await ctvirt(`${name} nosuch ${more[name] ?? ''}`);
      assert.equal(status, failureStatus, name);
      assert.match(err, /nosuch/);
    }
    assert.equal((await ctvirt('events nosuch')).status, 3);
    assert.equal((await ctvirt('quota nosuch --user 5 --space 1G')).status, 3);
    assert.equal((await ctvirt('shutdown nosuch --wait')).status, 3);
  });

  test('shuts down one domain or all that run', async () => {
    assert.deepEqual(await ctvirt('shutdown --all'), { status: 0, out: 'No domain is running\n', err: '' });
    for (const name of ['one', 'two', 'off']) await define(name);
    for (const name of ['one', 'two']) await ctvirt(`start ${name}`);
    await ctvirt('suspend two');
    assert.deepEqual(await ctvirt('shutdown --all --parallel 1 --timeout 5'), {
      status: 0,
      out: "Domain 'one' is shut off\nDomain 'two' is shut off\n",
      err: '',
    });
    await ctvirt('start one');
    const [only, ...others] = await json('shutdown --all --timeout 5 --destroy');
    assert.deepEqual([only.name, only.state, others], ['one', 'shutoff', []]);
    await ctvirt('start one');
    assert.equal((await ctvirt('shutdown one --destroy')).out, "Domain 'one' is shut off\n");
    assert.equal((await ctvirt('shutdown one --destroy')).status, 7);
    for (const words of ['', 'one --all', 'one --parallel 2', '--all --parallel 0'])
      assert.equal((await ctvirt(`shutdown ${words}`)).status, 2, words);
    for (const name of ['one', 'two', 'off']) await ctvirt(`undefine ${name}`);
  });

  test("sets and shows parameters by OpenVZ's names", async () => {
    const file = join(daemon.folder, 'limited.xml');
    const root = "<filesystem><source dir='/srv'/><target dir='/'/></filesystem>";
    writeFileSync(file, `<domain type='lxc'><name>limited</name><devices>${root}</devices></domain>`);
    await ctvirt(`define ${file}`);
    assert.deepEqual(await ctvirt('set limited --numproc 200:220 --ram 64M --config'), {
      status: 0,
      out: "Domain 'limited': ram 64M, numproc 200:220 (from its next start on)\n",
      err: '',
    });
    const rows = new Map(
      (await json('params limited')).map((row: { key: string; value: string }) => [row.key, row.value]),
    );
    assert.deepEqual([rows.get('NUMPROC'), rows.get('PHYSPAGES')], ['200:220', '0:16384']);
    assert.match((await ctvirt('params limited')).out, /^ numproc +200:220 +enforced +pids\.max$/m);
    assert.match((await ctvirt('params')).out, /^ numflock +count +recorded /m);
    for (const words of [
      'set limited',
      'set limited --numproc 1 --current --live',
      'set limited --onboot maybe',
      'set limited --mount-add /srv',
      'set',
      'set limited --all --numproc 1',
      'guarantees --minutes 3',
      'guarantees --delivered --minutes 16',
      'guarantees --delivered --minutes 0',
      'guarantees --delivered --what-if vps.basic',
      'guarantees --count 3',
    ])
      assert.equal((await ctvirt(words)).status, 2, words);
    assert.deepEqual(await ctvirt('set limited --numproc many'), {
      status: 8,
      out: '',
      err: 'error: numproc cannot be \'many\': expected barrier[:limit], numbers or "unlimited", with a suffix T, G, M, K or P unless it is a count\n',
    });
    await ctvirt('start limited');
    const when = async (options: string) =>
      /\((.*)\)/.exec((await ctvirt(`set limited --numproc 9 ${options}`)).out)?.[1];
    const now = 'until it stops; --config keeps it';
    assert.deepEqual(
      [await when(''), await when('--live'), await when('--config'), await when('--live --config')],
      [now, now, 'from its next start on', 'now and after its next start'],
    );
    await ctvirt('destroy limited');
    assert.equal(await when(''), 'from its next start on');
    await ctvirt('undefine limited');
    await ctvirt(`create --transient ${file}`);
    assert.equal(await when(''), 'until it stops', 'a transient one');
    await ctvirt('destroy limited');
  });

  test('tells what the daemon remarks on what it did', async () => {
    await ctvirt('define -', { input: domainXml('unkept', promisedTooMuch) });
    const remark = /^this host cannot keep what domain 'unkept' is promised: /;
    const { status, out, err: told } = await ctvirt('start unkept');
    assert.deepEqual([status, out, told.slice(0, 9)], [0, "Domain 'unkept' started\n", 'warning: ']);
    assert.match(told.slice(9), remark);
    await ctvirt('destroy unkept');
    assert.equal((await ctvirt('start unkept -q')).err, '');
    await ctvirt('destroy unkept');
    const { err } = await ctvirt('start unkept --json');
    assert.match(JSON.parse(err).warning.message, remark);
    await ctvirt('destroy unkept');
    await ctvirt('undefine unkept');
  });

  test('tells an error as data where data is asked for', async () => {
    const cases = [
      ['start nobody --json', 3, 'not-found'],
      ['--json set nobody', 2, 'usage'],
      ['define --json -', 8, 'invalid'],
      ['define --json /nowhere.xml', 1, 'local'],
    ] as const;
    for (const [words, status, code] of cases) {
      const result = await ctvirt(words, { input: "<domain type='lxc'/>" });
      assert.deepEqual([result.status, result.out], [status, ''], words);
      const { error } = JSON.parse(result.err);
      assert.deepEqual([error.code, error.status, typeof error.message], [code, status, 'string'], words);
      assert.equal(error.findings.length, code === 'invalid' ? 1 : 0, words);
    }
    const nobody = await invoke(['--socket', '/nowhere', 'list', '--json']);
    assert.equal(JSON.parse(nobody.err).error.code, 'unreachable');
  });

  test('gives the same as data', async () => {
    await define('data');
    assert.equal((await json('start data')).state, 'running');
    assert.deepEqual(await json('domstate data'), { state: 'running', reason: 'booted' });
    assert.equal((await json('dominfo data')).maxProcesses, 240);
    const { xml } = await json('dumpxml data');
    assert.match(xml, /^ {2}<name>data<\/name>$/m);
    assert.equal((await ctvirt('dumpxml data')).out, xml);
    assert.equal((await json('list')).find(({ name }: { name: string }) => name === 'data').state, 'running');
    assert.equal((await json('destroy data')).reason, 'destroyed');
    assert.deepEqual(await json('undefine data'), { domain: 'data', storage: false });
  });

  test('lists domains as virsh does, running ones first', async () => {
    for (const name of ['zeta', 'alpha', 'mid']) await define(name);
    await ctvirt('start zeta');
    const id = String((await json('dominfo zeta')).id);
    const all = await ctvirt('list --all');
    assert.equal(
      all.out,
      [
        ' Id     Name    State',
        '--------------------------',
        ` ${id}   zeta    running`,
        ' -      alpha   shut off',
        ' -      mid     shut off',
        '',
        '',
      ].join('\n'),
    );
    const names = async (words: string) =>
      (await ctvirt(`list --name ${words}`)).out.split('\n').filter(Boolean);
    assert.deepEqual(await names(''), ['zeta']);
    assert.deepEqual(await names('--inactive'), ['alpha', 'mid']);
    assert.deepEqual(await names('--state-shutoff'), ['alpha', 'mid']);
    assert.deepEqual(await names('--all --state-running --state-paused'), ['zeta']);
    assert.deepEqual(await names('--all --transient'), []);
    await ctvirt('autostart mid');
    assert.deepEqual(await names('--all --autostart'), ['mid']);
    assert.deepEqual(await names('--all --no-autostart --state-shutoff'), ['alpha']);
    const { uuid } = await json('dominfo mid');
    assert.ok((await ctvirt('list --all --uuid --name')).out.includes(`${uuid} mid\n`));
    assert.match(
      (await ctvirt('list --details')).out,
      /^ Id +Name +State +Type +Template +Profile +Hostname +Addresses\n/,
    );
    assert.equal((await ctvirt('list --name --table')).status, 2);
    await ctvirt('destroy zeta');
    for (const name of ['zeta', 'alpha', 'mid']) await ctvirt(`undefine ${name}`);
  });

  test("shows one domain in virsh's fields", async () => {
    await ctvirt('template build busybox');
    const root =
      "<filesystem type='template'><source name='busybox'/><target dir='/'/>" +
      "<space_hard_limit unit='GiB'>1</space_hard_limit></filesystem>";
    const input = domainXml('info').replace(/<filesystem.*<\/filesystem>/, root);
    assert.equal((await ctvirt('define -', { input })).status, 0);
    const { out } = await ctvirt('dominfo info');
    assert.match(
      out,
      /^Id: {13}-\nName: {11}info\nUUID: {11}[-0-9a-f]{36}\nOS Type: {8}exe\nState: {10}shut off\n/,
    );
    await ctvirt('start info');
    const running = (await ctvirt('dominfo info')).out;
    assert.match(
      running,
      /\nProcesses: {6}3 of 240 \(default\)\nDisk: {11}1\.5 MiB of 1\.0 GiB\nInodes: {9}12, no limit\n/,
    );
    assert.match(running, /^Wall system-calls: +up: 34 are refused$/m);
    await ctvirt('destroy info');
    await ctvirt('undefine info --storage');
    await ctvirt('template remove busybox');
  });

  test('tells who asks for the processes of a number which verb finds its owner', async () => {
    const { status, err } = await ctvirt('ps 4711');
    assert.equal(status, 3);
    assert.equal(
      err,
      "error: no domain has the name, UUID or id '4711'; ctvirt ps --pid 4711 tells whose process that is\n",
    );
  });

  test('creates a domain that is gone when it stops', async () => {
    const { out } = await ctvirt('create --transient -', { input: domainXml('fleeting') });
    assert.equal(out, "Domain 'fleeting' created from -\n");
    await ctvirt('shutdown fleeting --timeout 5');
    // It is forgotten once its end is told.
    for (let tries = 0; (await ctvirt('domstate fleeting')).status !== 3; tries++) assert.ok(tries < 100);
  });

  test('makes a domain of a template without XML, and changes it in words', async () => {
    await ctvirt('template build busybox busybox');
    const words =
      'create shop --template busybox --ip 10.77.0.9 --hostname www --nameserver 10.77.0.1 --ram 64M --disk 1G --mount /srv:/mnt:ro --autostart';
    const { out: xml } = await ctvirt(`${words} --dry-run`);
    assert.match(xml, /^<domain type='lxc'>[\s\S]*<memory unit='KiB'>65536<\/memory>[\s\S]*<readonly\/>/);
    assert.equal((await ctvirt('domstate shop')).status, 3, 'a dry run makes nothing');
    assert.equal((await ctvirt(`${words} --start`)).out, "Domain 'shop' created and started\n");
    assert.deepEqual(
      (await json('list')).flatMap(
        (one: { name: string; state: string; autostart: boolean; addresses: string[] }) =>
          one.name === 'shop' ? [one.state, one.autostart, ...one.addresses] : [],
      ),
      ['running', true, '10.77.0.9'],
    );
    assert.equal((await ctvirt(`${words}`)).status, 4);
    const told = async (options: string) => (await ctvirt(`set shop ${options}`)).out;
    assert.equal(
      await told('--ipadd 10.77.0.10 --ipdel 10.77.0.9 --rate 10mbit --save'),
      "Domain 'shop': without 10.77.0.9, with 10.77.0.10, rate 10mbit (now and after its next start)\n",
    );
    assert.equal(await told('--onboot no'), "Domain 'shop': unmarked as autostarted\n");
    assert.equal(
      await told('--network-add lan --network-del lan --network-add wan --config'),
      '',
      'what is taken away has to be there',
    );
    assert.equal(
      await told('--network-add wan --config'),
      "Domain 'shop': with network wan (from its next start on)\n",
    );
    assert.equal(
      await told('--network-del wan --config'),
      "Domain 'shop': without network wan (from its next start on)\n",
    );
    assert.match((await ctvirt('dumpxml shop --inactive')).out, /address='10\.77\.0\.10'/);
    await ctvirt('stop shop --timeout 5');
    assert.equal(
      await told('--description words --mount-del /mnt --save'),
      "Domain 'shop': another description, without /mnt (from its next start on)\n",
    );
    assert.doesNotMatch((await ctvirt('dumpxml shop')).out, /\/mnt/);
    assert.equal(
      await told('--name store --numproc 70 --config'),
      "Domain 'shop' renamed to 'store'\nDomain 'store': numproc 70 (from its next start on)\n",
    );
    const refused = await ctvirt('set store --name other --numproc many --config');
    assert.notEqual(refused.status, 0);
    assert.equal((await ctvirt('set store second --name other')).status, 2);
    await ctvirt('start store');
    assert.equal((await ctvirt('set store --name other --numproc 71')).status, 7);
    await ctvirt('destroy store');
    assert.equal((await ctvirt('set store --name shop')).out, "Domain 'store' renamed to 'shop'\n");
    await ctvirt('undefine shop --storage');
    await ctvirt('template remove busybox');
  });

  test('gives a domain the parameters of a profile, but for those that are said besides', async () => {
    await ctvirt('template build busybox busybox');
    await ctvirt('create plain --template busybox --profile vswap-256m --cpuunits 500');
    const { out } = await ctvirt('set plain --profile vswap-1g --ram 300M');
    assert.equal(out, "Domain 'plain': profile vswap-1g, ram 300M (from its next start on)\n");
    const { out: document } = await ctvirt('dumpxml plain');
    assert.match(document, /<profile>vswap-1g<\/profile>\s*<memory unit='KiB'>307200<\/memory>/);
    assert.match(document, /<swap_hard_limit unit='KiB'>2404352<[\s\S]*<shares>1024</);
    assert.equal((await ctvirt('set plain --profile none')).status, 3);
    await ctvirt('undefine plain --storage');
    await ctvirt('template remove busybox');
  });

  test('warns once of what a domain is given, in a document where that stands', async () => {
    await ctvirt('template build busybox busybox');
    const folder = join(daemon.folder, 'www');
    mkdirSync(folder, { mode: 0o755 });
    const words = `create given --template busybox --mount ${folder}:/www`;
    const { err } = await ctvirt(`${words} --start`);
    assert.match(err, /^given: warning: [^\n]*setuid programs there[^\n]*\n$/);
    assert.equal((await ctvirt('create given --template busybox --hostname a/b')).err.split('\n').length, 2);
    const { out } = await ctvirt('dumpxml given');
    await ctvirt('destroy given');
    await ctvirt('undefine given --storage');
    const lines = (await ctvirt('define -', { input: out })).err.split('\n');
    assert.match(lines[1] ?? '', new RegExp(`<source dir='${folder}'`));
    assert.equal(lines[3], '    at /domain/devices/filesystem[2]/source');
    await ctvirt('undefine given --storage');
    await ctvirt('template remove busybox');
  });

  test('starts a domain and waits until it has booted', async () => {
    await define('waited');
    const { status, out } = await ctvirt('start waited --wait --timeout 5');
    assert.deepEqual([status, out], [0, "Domain 'waited' has booted\n"]);
    assert.equal((await ctvirt('start waited --wait --watch 1')).status, 2);
    await ctvirt('destroy waited');
    await ctvirt('undefine waited --storage');
  });

  test('does the same to several domains, a line for each, and ends with the worst status', async () => {
    for (const name of ['first', 'second', 'third']) await define(name);
    const lines = async (words: string): Promise<readonly [number, string, string]> => {
      const { status, out, err } = await ctvirt(words);
      return [status, out, err];
    };
    assert.deepEqual(await lines('start second nosuch first'), [
      3,
      "Domain 'second' started\nDomain 'first' started\n",
      "error: no domain has the name, UUID or id 'nosuch'\n",
    ]);
    assert.equal((await lines('start first third'))[0], 7);
    assert.deepEqual(await lines('start --all'), [0, 'No domain is in that state\n', '']);
    const { out } = await ctvirt('set first second --numproc 99 --config');
    assert.equal(out.match(/^Domain '(first|second)': numproc 99/gm)?.length, 2);
    assert.deepEqual(
      (await json('destroy first second')).map(({ name }: { name: string }) => name),
      ['first', 'second'],
    );
    assert.deepEqual(await lines('shutdown third first --timeout 5'), [
      7,
      "Domain 'third' is shut off\n",
      "error: domain 'first' is not running\n",
    ]);
    assert.equal((await lines('start --all --parallel 2'))[1].match(/started/g)?.length, 3);
    assert.equal((await lines('destroy --all'))[0], 0);
    assert.deepEqual((await lines('autostart first second --order 3 --delay 2'))[1].split('\n').slice(0, 2), [
      "Domain 'first' marked as autostarted: order 3, a delay of 2 s after it",
      "Domain 'second' marked as autostarted: order 3, a delay of 2 s after it",
    ]);
    assert.equal(
      (await lines('list --all -o name,autostart,order,delay --sort=-name'))[1],
      [
        ' Name     Autostart   Order   Delay',
        '-------------------------------------',
        ' third    no          -       -',
        ' second   yes         3       2 s',
        ' first    yes         3       2 s',
        '',
        '',
      ].join('\n'),
    );
    await ctvirt('start first');
    assert.match((await lines('list --all -o name,uptime --sort uptime'))[1], / first +[01]s\n second +-\n/);
    await ctvirt('destroy first');
    assert.deepEqual(await lines('undefine first nosuch second third --storage'), [
      3,
      "Domain 'first' has been undefined\nDomain 'second' has been undefined\nDomain 'third' has been undefined\n",
      "error: no domain has the name, UUID or id 'nosuch'\n",
    ]);
    assert.equal((await lines('undefine --storage'))[0], 2);
  });

  test('points at the place in a document that is wrong', async () => {
    const { status, out, err } = await ctvirt('define -', {
      input: "<domain type='lxc'>\n  <name>x</name>\n  <memory unit='stone'>1</memory>\n</domain>",
    });
    assert.equal(status, 8);
    assert.equal(out, '');
    assert.equal(
      err,
      [
        "error: the document cannot be used: unknown unit 'stone' of <memory>",
        "<stdin>:3:11: error: unknown unit 'stone' of <memory>",
        "    <memory unit='stone'>1</memory>",
        '            ^',
        '    at /domain/memory/@unit',
        '    expected one of b, bytes, KB, K, KiB, MB, M, MiB, GB, G, GiB, TB, T, TiB, PB, P, PiB, EB, E, EiB, k',
        '',
      ].join('\n'),
    );
  });

  test('reports what was kept but not understood, and refuses it when told to', async () => {
    const input = domainXml('odd', '<odd/>');
    const kept = await ctvirt('define -', { input });
    assert.equal(kept.status, 0);
    assert.match(
      kept.err,
      /^-:1:36: warning: unknown element <odd> in <domain>\n.*\n +\^\n {4}at \/domain\/odd\n/,
    );
    assert.equal((await ctvirt('-q define -', { input })).err, '');
    assert.equal((await ctvirt('define --validate -', { input })).status, 8);
    await ctvirt('undefine odd');
  });

  test('handles templates from import to removal', async () => {
    const built = await ctvirt('template build debian --suite trixie --include vim --include less');
    assert.match(built.out, /^Template 'debian-trixie' built: [\d.]+ MiB\n$/);
    const file = join(daemon.folder, 'archive.tar');
    writeFileSync(join(daemon.folder, 'motd'), 'hello');
    const archive = execFileSync('tar', ['-C', daemon.folder, '-cf', '-', 'motd'], { encoding: 'latin1' });
    writeFileSync(file, archive);
    const uploaded = await ctvirt('template import mine -', { input: archive });
    assert.match(uploaded.out, /^Template 'mine' imported: [\d.]+ K?i?B, sha256:/);
    assert.equal((await ctvirt(`template import sent ${file} --upload`)).status, 0);
    assert.equal((await ctvirt(`template import read ${file}`)).status, 0);
    assert.equal((await json('template info read')).source, file);
    assert.match((await ctvirt('template info mine')).out, /^Name: {11}mine\n/);
    assert.equal((await ctvirt('template import again - --size 3', { input: archive })).status, 8);
    assert.equal((await ctvirt('template list --name')).out, 'debian-trixie\nmine\nread\nsent\n');
    assert.match((await ctvirt('template list')).out, /^ Name +Size +Unpacked +Domains +Imported\n/);
    assert.equal((await ctvirt('template build debain')).status, 2);
    assert.equal((await ctvirt('template import missing /nowhere/x.tar --upload')).status, 1);
    assert.equal((await ctvirt('create web --template read')).status, 0);
    const updated = await ctvirt('template update read');
    assert.match(updated.out, /^Template 'read' made: /);
    assert.equal(updated.err, "1 on 'read~1' as before: `ctvirt template users read` lists them\n");
    assert.equal((await ctvirt('create shop --template read')).status, 0);
    assert.match((await ctvirt('template users read')).out, /\n shop +read\n web +read~1\n\n$/);
    assert.equal((await ctvirt('template users read --name')).out, 'shop\n');
    assert.equal((await ctvirt('template remove read~1')).status, 5);
    assert.equal((await ctvirt('undefine web shop --storage')).status, 0);
    assert.equal(
      (await ctvirt('template list')).err,
      "nobody uses 'read~1' any more: `ctvirt template remove read~1` removes it\n",
    );
    for (const name of ['debian-trixie', 'mine', 'sent', 'read~1', 'read'])
      assert.equal((await ctvirt(`template remove ${name}`)).out, `Template '${name}' removed\n`);
    assert.equal((await ctvirt('template remove mine')).status, 3);
  });

  test('shows profiles, host and versions', async () => {
    assert.match((await ctvirt('profile list --name')).out, /^vps\.basic\n/);
    assert.match((await ctvirt('profile show vps.basic')).out, /^NUMPROC="240"$/m);
    assert.equal((await ctvirt('profile show none')).status, 3);
    assert.match((await ctvirt('nodeinfo')).out, /^Host: +\S+\nDriver: +memory\n/);
    assert.match((await ctvirt('nodeinfo')).out, /^Memory: .* GiB$[\s\S]*^Quotas: +none$/m);
    assert.equal((await ctvirt('version')).out, `ctvirt ${version}\nctvirtd ${version}\n`);
    assert.equal((await invoke(['--version'])).out, `ctvirt ${version}\n`);
    assert.equal((await json('openapi')).openapi, '3.1.0');
  });

  test('checks the host, and cleans it', async () => {
    assert.equal((await ctvirt('check')).status, 0);
    mkdirSync(join(daemon.root, 'lib', 'domains', 'lost'));
    const found = await ctvirt('check');
    assert.equal(found.status, 17);
    assert.match(found.out, / folder +\(none\) +\/.*\/lost\n/);
    assert.equal((await ctvirt('check --clean')).status, 0);
    assert.equal((await ctvirt('check')).status, 0);
  });

  test('prints events until it has one, or time is over', async () => {
    let isOver = false;
    const waiting = ctvirt('events').finally(() => {
      isOver = true;
    });
    const enough = new AbortController();
    const asData = ctvirt('events --json --loop', {
      signal: enough.signal,
      onOut: (out) => out.includes('"undefined"') && out.includes('"defined"') && enough.abort(),
    });
    const timed = ctvirt('events --loop --timeout 1');
    // Nobody says when they begin to listen.
    while (!isOver || !enough.signal.aborted) {
      await define('noisy');
      await ctvirt('undefine noisy');
    }
    const { out, status, err } = await waiting;
    assert.match(out, /^event 'lifecycle' for domain 'noisy': (Defined Added|Undefined Removed)\n$/);
    assert.deepEqual([status, err], [0, 'events received: 1\n']);
    const lines: string[] = (await asData).out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).event);
    assert.ok(lines.length >= 2, lines.join());
    for (const [at, event] of lines.entries())
      assert.equal(event, (lines[0] === 'defined') === (at % 2 === 0) ? 'defined' : 'undefined');
    assert.equal((await timed).status, 0);
  });

  test('lists jobs with their ends, and shows one by its id', async () => {
    await ctvirt('template build jobbed --distribution busybox');
    await ctvirt('template export jobbed /nonexistent/x.tar');
    const { out } = await ctvirt('job list --all');
    assert.match(out, / Id +Of +Job +State +Since +Progress\n/);
    const [id = ''] = /\b[0-9a-f]{12}\b(?= +template jobbed +export +failed)/.exec(out) ?? [];
    const shown = await ctvirt(`job info ${id}`);
    assert.match(shown.out, /^Of: +template jobbed\n/);
    assert.equal((await ctvirt(`job abort ${id}`)).status, 7);
    assert.equal((await ctvirt('activity')).out, (await ctvirt('job list')).out);
    assert.equal((await ctvirt('job list --all --follow')).status, 2);
    await ctvirt('template remove jobbed');
  });

  test('lists domains one a line, as they come', async () => {
    await define('rowed');
    const { out } = await ctvirt('list --all --rows');
    const names = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).name);
    assert.ok(names.includes('rowed'));
    const used = await ctvirt('list --all --rows --output name');
    assert.ok(used.out.split('\n').some((line) => line.includes('"rowed"') && line.includes('"cpuShare"')));
    assert.equal((await ctvirt('list --rows --sort name')).status, 2);
    await ctvirt('undefine rowed');
  });

  test('tells what more domains would come to', async () => {
    const profile = await ctvirt('guarantees --what-if vps.basic --count 2');
    assert.match(profile.out, / Resource +Guaranteed +With 2 more +Headroom\n/);
    assert.match(profile.out, /\d+ more of vps\.basic fit: /);
    const input = domainXml('big').replace('<os>', `${promisedTooMuch}<os>`);
    const document = await ctvirt('guarantees --what-if - --count 5', { input });
    assert.match(
      document.out,
      /Not all of them can be kept to their promises: what is more is let in with a warning\n/,
    );
    assert.match(document.out, /0 more of <stdin> fit: allocation runs out first, 9\.0 TiB for each\n$/);
    const data = JSON.parse((await ctvirt('guarantees --what-if vps.basic --json')).out);
    assert.deepEqual([data.count, data.after.length], [1, data.rows.length]);
  });

  test('tells what a parameter would come to, and sets nothing', async () => {
    await ctvirt('define -', { input: domainXml('asked') });
    const { out } = await ctvirt('set asked --vmguarpages 64M --what-if');
    assert.match(out, / Resource +Guaranteed +Then +Headroom\n/);
    const { rows, after } = JSON.parse((await ctvirt('set asked --vmguarpages 64M --what-if --json')).out);
    const allocation = (all: readonly { resource: string; guaranteed: number }[]): number =>
      all.find(({ resource }) => resource === 'allocation')?.guaranteed ?? assert.fail('no such row');
    assert.ok(allocation(after) >= allocation(rows) + 64 * 2 ** 20);
    assert.doesNotMatch((await ctvirt('dumpxml asked')).out, /vmguarpages/i);
    const asked = '--vmguarpages 64M';
    for (const wrong of [
      ...['--hostname other', `${asked} --hostname other`, `${asked} --name other`, `${asked} --order 3`],
      ...[`${asked} --live`, `${asked} --config`, `${asked} --save`, `${asked} --current`],
    ])
      assert.equal((await ctvirt(`set asked ${wrong} --what-if`)).status, 2);
    await ctvirt('undefine asked');
  });

  test('tells what this host would say of a document', async () => {
    const told = await ctvirt('define --check -', { input: domainXml('checked') });
    assert.deepEqual(told, {
      status: 0,
      out: "<stdin> would define domain 'checked' on this host\n",
      err: '',
    });
    assert.equal((await ctvirt('dominfo checked')).status, 3);
    const bad = await ctvirt('define --check -', { input: '<domain/>' });
    assert.equal(bad.status, 8);
    assert.match(bad.err, /:1:1: error: <domain> needs <name>/);
    const { status, out } = await ctvirt('define --check - --json', { input: '<domain/>' });
    assert.deepEqual([status, JSON.parse(out).isValid], [8, false]);
  });

  test('prints events that happened before', async () => {
    await define('earlier');
    const { out, err } = await ctvirt('events earlier --last 1');
    assert.match(out, /^\S+Z: event 'lifecycle' for domain 'earlier': Defined Added\n$/);
    assert.equal(err, 'events received: 1\n');
    const { seq } = JSON.parse((await ctvirt('events --last 1 --json')).out);
    await ctvirt('undefine earlier');
    assert.match((await ctvirt(`events --since ${seq}`)).out, /^\S+: .*'earlier': Undefined Removed\n$/);
    assert.match(
      (await ctvirt('events --since 5')).out,
      /: events are missing: the daemon was started meanwhile\n$/,
    );
    for (const words of ['--since x', '--last 0', '--since 1 --last 1'])
      assert.equal((await ctvirt(`events ${words}`)).status, 2, words);
  });

  test('finds its daemon by option before environment', async () => {
    const env = { CTVIRT_ROOT: daemon.root };
    assert.equal((await invoke(['list'], { env })).status, 0);
    const lost = await invoke(['--root', '/nonexistent', 'list'], { env });
    assert.equal(lost.status, 15);
    assert.equal(
      lost.err,
      'error: cannot reach the daemon at /nonexistent/run/http.sock: there is no such socket\n' +
        "start it with 'ctvirtd --root /nonexistent'\n",
    );
    assert.equal((await invoke(['--socket', daemon.socketPath, 'list'])).status, 0);
  });

  test('colours errors on a terminal that wants it', async () => {
    const red = '\x1b[31merror:\x1b[39m';
    assert.ok((await ctvirt('domstate none', { isTerminal: true })).err.startsWith(red));
    assert.ok(
      (await ctvirt('domstate none', { isTerminal: true, env: { NO_COLOR: '1' } })).err.startsWith('error:'),
    );
    assert.ok((await ctvirt('domstate none')).err.startsWith('error:'));
  });
});

test('a noun alone is asked of in two ways, and tells of each of its verbs in a line', async () => {
  const asked = await invoke(['help', 'network']);
  assert.equal(asked.status, 0);
  assert.match(asked.out, /^ {2}network list +List networks \(also: net-list\)$/m);
  assert.match(asked.out, /^ {2}network leases /m);
  assert.doesNotMatch(asked.out, /^ {2}list /m);
  assert.deepEqual(await invoke(['network', '--help']), asked);
});

test('a wrong command line ends with 2, names the fault and what was meant', async () => {
  const cases = [
    ['lsit', "unknown command 'lsit'; did you mean 'list'?"],
    ['template', 'template what? one of: list, info, import, build, remove, rename, update, users, export'],
    ['template imprt', "unknown command 'template imprt'; did you mean 'template import'?"],
    [
      'template fetch',
      "unknown command 'template fetch'; one of: list, info, import, build, remove, rename, update, users, export",
    ],
    ['network destroy lan', "unknown command 'network destroy': here it is ctvirt network stop NETWORK"],
    [
      'domiflist web',
      "unknown command 'domiflist': here it is virsh -c 'ctvirt+unix:///system?socket=/run/ctvirt/libvirt-sock' domiflist ...",
    ],
    ['list --al', "list: unknown option '--al'; did you mean '--all'?"],
    ['list -x', "list: unknown option '-x'"],
    ['list -a', "list: unknown option '-a': here it is --all"],
    ['set web --devnodes x', "set: unknown option '--devnodes': here it is --device-add /dev/..."],
    ['set web --netif_add eth1', "set: unknown option '--netif_add': here it is --network-add NETWORK"],
    [
      'set web --network lan',
      'set: --network says whose interface --ipadd and --rate are for; --network-add lan gives it one',
    ],
    ['set web --ip 10.0.0.5', "set: unknown option '--ip': here it is --ipadd"],
    [
      'delete web',
      "unknown command 'delete': here it is ctvirt undefine DOMAIN, or, with its files, ctvirt undefine DOMAIN --storage",
    ],
    ['create 101 --ostemplate debian', "create: unknown option '--ostemplate': here it is --template"],
    [
      'create web.xml',
      "create: 'web.xml' looks like a document: ctvirt create --transient web.xml runs it until it stops, ctvirt define web.xml keeps it",
    ],
    ['create web', 'create: --template is missing; ctvirt template list shows which there are'],
    [
      'create web --template t --mount /srv',
      "create: a directory is SOURCE:TARGET or SOURCE:TARGET:ro, not '/srv'",
    ],
    ['list --all=1', '--all takes no value'],
    ['list extra', "list: 'extra' is one argument too many; usage: ctvirt list [OPTIONS]"],
    ['start', 'start: name DOMAINs, or say --all'],
    ['undefine', 'undefine: DOMAINS is missing; usage: ctvirt undefine [OPTIONS] DOMAINS...'],
    ['suspend', 'suspend: DOMAIN is missing; usage: ctvirt suspend DOMAIN'],
    ['shutdown web --timeout', '--timeout needs a value: --timeout SECONDS'],
    ['exec --user= web ls', '--user needs a value: --user USER'],
    ['shutdown web --timeout soon', "--timeout takes a whole number, not 'soon'"],
    ['shutdown web --timeout 1 --timeout 2', '--timeout is given more than once'],
    ['exec web', 'exec: COMMAND is missing; usage: ctvirt exec [OPTIONS] DOMAIN COMMAND...'],
    ['exec --env PATH web ls', "exec: --env takes NAME=VALUE, not 'PATH'"],
    ['enter web -c id', "--connect takes a URI, such as qemu+unix:///system, not 'id'"],
    ['exec --cwd srv web ls', "exec: --cwd is an absolute path of the container, not 'srv'"],
    ['push web /etc/hosts srv', "push: PATH is an absolute path of the container, not 'srv'"],
    ['pull web srv', "pull: PATH is an absolute path of the container, not 'srv'"],
    ['create  --template t', 'create: NAME is empty; usage: ctvirt create [OPTIONS] [NAME]'],
    ['exec -t web sh', 'exec: --tty needs a terminal on standard input'],
    ['completion tcsh', "completion: SHELL is one of bash, zsh, fish, not 'tcsh'"],
  ] as const;
  for (const [words, message] of cases) {
    const { status, out, err } = await invoke(words.split(' '));
    assert.equal(status, 2, words);
    assert.equal(out, '');
    assert.equal(err.split('\n')[0], `error: ${message}`);
    assert.match(err, /\nsee 'ctvirt help/);
  }
  const bare = await invoke([]);
  assert.equal(bare.status, 2);
  assert.match(bare.err, /^ctvirt runs container domains/);
});

test('a file that cannot be read is named', async () => {
  const { status, err } = await invoke(['define', '/nonexistent.xml']);
  assert.deepEqual([status, err], [1, 'error: cannot read /nonexistent.xml: no such file\n']);
});

test('no exit status means two things', () => {
  const numbers = exitStatuses.map(({ status }) => status);
  assert.deepEqual(numbers, [...new Set(numbers)]);
});
