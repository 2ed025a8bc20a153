// The verbs of networks against a daemon: what they print, in words and as JSON, and how they end.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { withDaemon } from '../testing/harness.js';
import { verbs } from './index.js';

const program = fileURLToPath(new URL('../main.js', import.meta.url));
const xml = (name: string, subnet = '192.0.2', more = ''): string =>
  `<network>\n  <name>${name}</name>${more}\n  <ip address='${subnet}.1' prefix='24'>\n    <dhcp>\n` +
  `      <range start='${subnet}.10' end='${subnet}.99'/>\n    </dhcp>\n  </ip>\n</network>\n`;

describe('ctvirt network', () => {
  const daemon = withDaemon();
  const { ctvirt } = daemon;
  const json = async (words: string) => {
    const { status, out, err } = await ctvirt(`${words} --json`);
    assert.equal(status, 0, err);
    return JSON.parse(out);
  };

  test('takes a network through its life, also in the words of virsh', async () => {
    const file = join(daemon.folder, 'life.xml');
    writeFileSync(file, xml('life'));
    const steps = [
      [`network define ${file}`, `Network 'life' defined from ${file}\n`],
      ['network start life', "Network 'life' started\n"],
      [`net-define ${file}`, `Network 'life' defined from ${file} (from its next start on)\n`],
      ['network autostart life', "Network 'life' marked as autostarted\n"],
      ['net-autostart life --disable', "Network 'life' unmarked as autostarted\n"],
      ['net-destroy life', "Network 'life' stopped\n"],
      ['network start -q life', ''],
      ['network stop life', "Network 'life' stopped\n"],
      ['network undefine life', "Network 'life' undefined\n"],
      [`net-create ${file}`, `Network 'life' created from ${file}\n`],
      ['network stop life', "Network 'life' stopped\n"],
    ] as const;
    for (const [words, expected] of steps)
      assert.deepEqual(await ctvirt(words), { status: 0, out: expected, err: '' }, words);
    assert.equal((await ctvirt('network info life')).status, 3);
  });

  test('lists them in a table, by name or UUID, narrowed by state', async () => {
    await ctvirt('network define -', { input: xml('off') });
    await ctvirt('network create -', { input: xml('on', '198.51.100') });
    const { uuid } = await json('network info off');
    assert.equal((await ctvirt('network list --name')).out, 'on\n');
    assert.equal((await ctvirt('network list --all --name')).out, 'off\non\n');
    assert.equal((await ctvirt('network list --inactive --uuid --name')).out, `${uuid} off\n`);
    assert.equal((await ctvirt('network list --all --transient --name')).out, 'on\n');
    assert.equal((await ctvirt('network list --all --autostart --name')).out, '');
    const { out } = await ctvirt('network list --all');
    const [head = '', rule, ...rows] = out.split('\n');
    assert.match(head, /^ Name +State +Autostart +Persistent +Forward +Bridge +Subnets +Interfaces$/);
    assert.match(rule ?? '', /^-+$/);
    assert.match(rows[0] ?? '', /^ off +inactive +no +yes +none +virbr\d+ +192\.0\.2\.1\/24 +0$/);
    assert.match(rows[1] ?? '', /^ on +active +no +no +none +virbr\d+ +198\.51\.100\.1\/24 +0$/);
    assert.deepEqual(
      (await json('network list --all')).map(({ name }: { name: string }) => name),
      ['off', 'on'],
    );
    await ctvirt('network stop on');
    await ctvirt('network undefine off');
  });

  test('shows one, its document and its leases', async () => {
    await ctvirt('network define -', { input: xml('shown') });
    const { out } = await ctvirt('network info shown');
    assert.match(out, /^Name: +shown\nUUID: +[0-9a-f-]{36}\nActive: +no\nPersistent: +yes\n/);
    assert.match(out, /\nSubnets: +192\.0\.2\.1\/24\n/);
    const dumped = await ctvirt('network dumpxml shown');
    assert.match(dumped.out, /^<network>\n {2}<name>shown<\/name>\n/);
    assert.equal((await json('network dumpxml shown')).xml, dumped.out);
    const off = await ctvirt('network leases shown');
    assert.equal(off.status, 7);
    assert.match(off.err, /network 'shown' is not running: `ctvirt network start shown`/);
    await ctvirt('network start shown');
    assert.match((await ctvirt('network leases shown')).out, /^ Address +MAC address +Domain /);
    assert.deepEqual(await json('network leases shown'), []);
    assert.deepEqual(await json('network users shown'), []);
    await ctvirt('network stop shown');
    await ctvirt('network undefine shown');
  });

  test('a wrong document is told with line and column, an odd one with a warning', async () => {
    const file = join(daemon.folder, 'wrong.xml');
    writeFileSync(file, xml('wrong').replace("end='192.0.2.99'", "end='198.51.100.9'"));
    const { status, err } = await ctvirt(`network define ${file}`);
    assert.equal(status, 8);
    assert.match(err, /^error: /);
    assert.ok(err.includes(`${file}:5:`), err);
    assert.match(err, /at \/network\/ip\/dhcp\/range\/@end/);
    const odd = { input: xml('odd', '192.0.2', '<odd/>') };
    const taken = await ctvirt('network define -', odd);
    assert.equal(taken.status, 0);
    assert.match(taken.err, /^<stdin>:2:\d+: warning: .*<odd>/);
    assert.equal((await ctvirt('network define --validate -', odd)).status, 8);
    await ctvirt('network undefine odd');
  });

  test('changes single elements, given or in a file', async () => {
    await ctvirt('network define -', { input: xml('lan') });
    const add = await ctvirt("network update lan add ip-dhcp-host <host\tname='a'\tip='192.0.2.5'/>");
    assert.deepEqual(add, { status: 0, out: "Network 'lan' updated\n", err: '' });
    const file = join(daemon.folder, 'host.xml');
    writeFileSync(file, "<host name='b' ip='192.0.2.6'/>");
    assert.equal((await ctvirt(`net-update lan add-first ip-dhcp-host ${file} --config`)).status, 0);
    const { out } = await ctvirt('network dumpxml lan');
    assert.ok(out.indexOf("name='b'") < out.indexOf("name='a'"), out);
    const again = await ctvirt(`network update lan add ip-dhcp-host ${file}`);
    assert.equal(again.status, 7);
    assert.match(again.err, /there is an existing dhcp host entry/);
    const misspelt = await ctvirt(`network update lan add ip-dhcp-hots ${file}`);
    assert.equal(misspelt.status, 2);
    assert.match(misspelt.err, /did you mean 'ip-dhcp-host'\?/);
    assert.match((await ctvirt(`network update lan ad dns-txt ${file}`)).err, /did you mean 'add'\?/);
    const live = await ctvirt(`network update lan delete ip-dhcp-host ${file} --live`);
    assert.equal(live.status, 7);
    await ctvirt('network undefine lan');
  });

  test('edits a definition in an editor', async () => {
    await ctvirt('network define -', { input: xml('edited') });
    const env = { EDITOR: "sed -i 's/192.0.2.99/192.0.2.50/'" };
    const { status, out } = await ctvirt('network edit edited', { env });
    assert.deepEqual([status, out], [0, "Network 'edited' XML configuration edited.\n"]);
    assert.match((await ctvirt('network dumpxml edited')).out, /192\.0\.2\.50/);
    const same = await ctvirt('net-edit edited', { env: { EDITOR: 'true' } });
    assert.equal(same.out, "Network 'edited' XML configuration not changed.\n");
    // Who comes second is told, and his text is kept.
    const theirs = join(daemon.folder, 'theirs.xml');
    writeFileSync(theirs, xml('edited').replace('192.0.2.99', '192.0.2.60'));
    const editor = join(daemon.folder, 'editor.sh');
    writeFileSync(
      editor,
      `'${process.execPath}' '${program}' --socket '${daemon.socketPath}' network define '${theirs}' && sed -i 's/192.0.2.50/192.0.2.70/' "$1"\n`,
    );
    const second = await ctvirt('network edit edited', { env: { EDITOR: `sh ${editor}` }, input: 'n\n' });
    assert.equal(second.status, 1);
    assert.match(second.err, /the document of network 'edited' was changed meanwhile/);
    const [, kept = ''] = /your text is kept in (\S+)/.exec(second.err) ?? [];
    assert.match(readFileSync(kept, 'utf8'), /192\.0\.2\.70/);
    assert.match((await ctvirt('network dumpxml edited')).out, /192\.0\.2\.60/);
    rmSync(dirname(kept), { recursive: true });
    await ctvirt('network undefine edited');
  });

  test('prints what happens to networks', async () => {
    const events = ctvirt('network events --timeout 120');
    const change = async () => {
      for (;;) {
        await ctvirt('network define -', { input: xml('told') });
        if (await Promise.race([events.then(() => true), new Promise((go) => setTimeout(go, 50, false))]))
          return;
      }
    };
    await change();
    assert.deepEqual(await events, {
      status: 0,
      out: "event 'lifecycle' for network 'told': Defined\n",
      err: 'events received: 1\n',
    });
    await ctvirt('network undefine told');
  });

  test('one that is not there is not found, by every verb that takes one', { timeout: 120_000 }, async () => {
    const more: Readonly<Record<string, string>> = {
      'network update': 'add dns-txt <txt/>',
      'network events': '--timeout 5',
    };
    for (const { name } of verbs.filter(({ args }) => 'network' in args)) {
      const { status, err } = await ctvirt(`${name} nosuch ${more[name] ?? ''}`);
      assert.equal(status, 3, `${name}: ${err}`);
      assert.match(err, /^error: .*'nosuch'/);
    }
    await ctvirt('network define -', { input: xml('default') });
    assert.match((await ctvirt('network start defualt')).err, /'defualt'; did you mean 'default'\?/);
    await ctvirt('network undefine default');
    assert.match((await ctvirt('network lst')).err, /did you mean 'network list'\?/);
    assert.match((await ctvirt('net-lst')).err, /did you mean 'net-list'\?/);
  });

  test('completion knows them', async () => {
    await ctvirt('network define -', { input: xml('off') });
    await ctvirt('network create -', { input: xml('on', '198.51.100') });
    const offered = async (words: string) =>
      (await ctvirt(`complete -- ${words}`)).out.split('\n').map((line) => line.split('\t')[0] ?? '');
    assert.deepEqual(await offered('network start o'), ['off', '']);
    assert.deepEqual(await offered('net-destroy o'), ['on', '']);
    assert.deepEqual(await offered('network info o'), ['off', 'on', '']);
    assert.ok((await offered('network update on add ip-')).includes('ip-dhcp-host'));
    assert.ok((await offered('network d')).includes('define'));
    await ctvirt('network stop on');
    await ctvirt('network undefine off');
  });
});
