// ctvirt forward against a daemon: words, tables and JSON, and whose a port is.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { domainXml, withDaemon } from '../testing/harness.js';

const nat =
  "<network><name>lan</name><forward mode='nat'/><ip address='192.0.2.1' prefix='24'><dhcp><range start='192.0.2.10' end='192.0.2.99'/></dhcp></ip></network>";
const onLan = (name: string) =>
  domainXml(name).replace(
    '</devices>',
    "<interface type='network'><source network='lan'/></interface></devices>",
  );

describe('ctvirt forward', () => {
  const { ctvirt } = withDaemon();
  const done = async (words: string, input?: string) => {
    const { status, out, err } = await ctvirt(words, input === undefined ? {} : { input });
    assert.equal(status, 0, `${words}: ${err}`);
    return out;
  };
  const json = async (words: string) => JSON.parse(await done(`${words} --json`));

  test('adds, lists and removes ports, and names whose one is', async () => {
    await done('network create -', nat);
    for (const name of ['web', 'mail']) await done('define -', onLan(name));
    await done('start web');
    assert.equal(
      await done('forward web add tcp:40022:22 udp:40053'),
      "Domain 'web': tcp:40022:22, udp:40053 forwarded (until it stops; --config keeps it)\n",
    );
    assert.equal(
      await done('forward web add tcp:48000-48010:80-90 --address 198.51.100.7 --live --config'),
      "Domain 'web': tcp:48000-48010:80-90 forwarded (now and after its next start)\n",
    );
    assert.equal(
      await done('forward mail add tcp:40025:25'),
      "Domain 'mail': tcp:40025:25 forwarded (from its next start on)\n",
    );
    const { status, err } = await ctvirt('forward mail add tcp:40020-40024');
    assert.equal(status, 4);
    assert.match(err, /tcp port 40022 of the host is in use by domain 'web'/);
    const [head, rule, ...rows] = (await done('forward')).trimEnd().split('\n');
    assert.match(head ?? '', /^ Domain +Proto +Host address +Host ports +Ports +Addresses +Network +Active$/);
    assert.match(rule ?? '', /^-+$/);
    assert.deepEqual(rows.map((row) => row.trim().split(/ {2,}/)).sort(), [
      ['mail', 'tcp', '*', '40025', '25', '192.0.2.11', 'lan', 'no'],
      ['web', 'tcp', '*', '40022', '22', '192.0.2.10', 'lan', 'yes'],
      ['web', 'tcp', '198.51.100.7', '48000-48010', '80-90', '192.0.2.10', 'lan', 'yes'],
      ['web', 'udp', '*', '40053', '40053', '192.0.2.10', 'lan', 'yes'],
    ]);
    assert.equal((await json('forward list')).length, 4);
    assert.deepEqual(await json('forward web list --inactive'), [
      {
        ...{ domain: 'web', interface: 'eth0', network: 'lan', protocol: 'tcp', address: '198.51.100.7' },
        ...{ dev: null, start: 48_000, end: 48_010, to: 80, targets: ['192.0.2.10'], active: false },
      },
    ]);
    // A part of a range, wherever it is asked.
    await done('forward web remove tcp:48005 --live');
    assert.deepEqual(
      (await json('forward web')).map(({ start, end, to }: Record<string, number>) => [start, end, to]),
      [
        [40_022, 40_022, 22],
        [40_053, 40_053, 40_053],
        [48_000, 48_004, 80],
        [48_006, 48_010, 86],
      ],
    );
    const missing = await ctvirt('forward web remove tcp:40022:23');
    assert.equal(missing.status, 3);
    assert.match(
      missing.err,
      /domain 'web' does not have tcp port 40022 of the host, leading to 23: `ctvirt forward web`/,
    );
    await done('forward web remove tcp:40022');
    await done('forward mail add tcp:40022');
    const twice = await ctvirt('forward mail add tcp:40022:80');
    assert.match(twice.err, /tcp port 40022 of the host is forwarded twice/);
  });

  test('what is not understood is refused before anything is asked', async () => {
    for (const [words, why] of [
      ['forward web ad tcp:1', /ACTION is add, remove or list, not 'ad'; did you mean 'add'/],
      ['forward web add', /no ports; for example ctvirt forward web add tcp:2222:22/],
      ['forward web add 2222:22', /did you mean 'tcp:2222:22'/],
      ['forward web list tcp:1', /ports and their options go with add and remove/],
      ['forward web add tcp:1 --inactive', /--inactive goes with list/],
      ['forward --inactive', /--inactive goes with one domain/],
    ] as const) {
      const { status, err } = await ctvirt(words);
      assert.equal(status, 2, words);
      assert.match(err, why);
    }
  });

  test('only where ports can lead', async () => {
    await done('define -', domainXml('bare'));
    const { err } = await ctvirt('forward bare add tcp:41000');
    assert.match(err, /domain 'bare' has no interface on a network: ports of the host lead to those alone/);
  });
});
