// The verbs of snapshots against a daemon: what they print, in words and as JSON, and how they end.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { complete } from '../completion.js';
import { domainXml, withDaemon } from '../testing/harness.js';
import { verbs } from './index.js';

describe('ctvirt snapshot', () => {
  const daemon = withDaemon();
  const { ctvirt } = daemon;
  const json = async (words: string) => {
    const { status, out, err } = await ctvirt(`${words} --json`);
    assert.equal(status, 0, err);
    return JSON.parse(out);
  };
  const says = async (words: string, out: string, err = '') =>
    assert.deepEqual(await ctvirt(words), { status: 0, out, err }, words);

  before(async () => {
    await ctvirt('define -', { input: domainXml('web') });
    await ctvirt('define -', { input: domainXml('bare') });
    await says('snapshot create web one --description first', "Snapshot 'one' of 'web' taken\n");
    await says('snapshot create web two --expires 2026-12-31T00:00:00Z', "Snapshot 'two' of 'web' taken\n");
    await ctvirt('snapshot revert web one');
    await ctvirt('start web');
    await says(
      'snapshot create web three',
      "Snapshot 'three' of 'web' taken; its writes waited 12 ms\n",
      '/srv is no part of it: it is /srv/data\n',
    );
    await ctvirt('snapshot create web four');
  });

  test('lists them as a table, names and a tree', async () => {
    await says('snapshot list web --name', 'one\ntwo\nthree\nfour\n');
    await says('snapshot list web --tree', 'one\n├─ two\n└─ three\n   └─ four *\n');
    await says('snapshot list bare --tree', '');
    const { out } = await ctvirt('snapshot list web');
    const [head = '', , first = '', second = '', , last = ''] = out.split('\n');
    assert.match(head, /^ Name +Made +State +Expires +Description$/);
    assert.match(first, /^ one +2026-11-30 12:00Z +shut off +- +first$/);
    assert.match(second, /^ two +2026-11-30 12:00Z +shut off +2026-12-31 00:00Z +-$/);
    assert.match(last, /^ four \* +2026-11-30 12:00Z +running +- +-$/);
    assert.match((await ctvirt('snapshot list web -o name,after')).out, / four \* +three\n/);
    const names = (await json('snapshot list web')).map(({ name }: { name: string }) => name);
    assert.deepEqual(names, ['one', 'two', 'three', 'four']);
    assert.equal((await ctvirt('snapshot list nosuch')).status, 3);
  });

  test('tells of one, with what is no part of it', async () => {
    const { out } = await ctvirt('snapshot info web three');
    assert.match(out, /^Name: +three$/m);
    assert.match(out, /^State: +running$/m);
    assert.match(out, /^Writes waited: +12 ms$/m);
    assert.match(out, /^On disk: +5\.0 MiB, shared blocks included$/m);
    assert.match(out, /^Not in it: +\/srv: \/srv\/data$/m);
    assert.equal((await json('snapshot info web three')).parent, 'one');
    assert.equal((await ctvirt('snapshot info web nosuch')).status, 3);
    assert.match((await ctvirt('snapshot dumpxml web one')).out, /^<domain [\s\S]*<\/domain>\n$/);
  });

  test('names changed files', async () => {
    await says('snapshot diff web one', '+ /srv/new/\nM /etc/motd\n- /etc/old\n');
    await says('snapshot diff web one two', '+ /srv/new/\nM /etc/motd\n- /etc/old\n');
    assert.equal((await json('snapshot diff web one')).length, 3);
  });

  test('takes a domain back, to the state that is said', async () => {
    await says(
      'snapshot revert web three --shutoff',
      "Domain 'web' is what it was at 'three' (shut off)\nWhat it was before is the snapshot 'before-revert' until it starts\n",
    );
    await says(
      'snapshot revert web three --running',
      "Domain 'web' is what it was at 'three' (running)\nWhat it was before is gone, since it has started: with --shutoff it is kept until then\n",
    );
    const { status, err } = await ctvirt('snapshot revert web three --running --paused');
    assert.equal(status, 2);
    assert.match(err, /exclude each other/);
  });

  test('deletes one, those after it, or all of these', async () => {
    await ctvirt('define -', { input: domainXml('many') });
    for (const name of ['a', 'b', 'c', 'd']) await ctvirt(`snapshot create many ${name}`);
    await says('snapshot delete many b', "Deleted of 'many': 'b'\n");
    await says('snapshot list many --tree', 'a\n└─ c\n   └─ d *\n');
    await says('snapshot delete many c --children-only', "Deleted of 'many': 'd'\n");
    await says('snapshot delete many c --children-only', 'None came after it\n');
    await says('snapshot delete many a --children', "Deleted of 'many': 'a', 'c'\n");
    assert.equal((await ctvirt('snapshot delete many a --children --children-only')).status, 2);
  });

  test('completes names of the domain before the cursor', async () => {
    const words = async (...given: readonly string[]) => {
      const asked: (readonly string[])[] = [];
      await complete(given, verbs, async (kind, args) => {
        asked.push([kind, ...args]);
        return [];
      });
      return asked;
    };
    assert.deepEqual(await words('snapshot', 'info', 'web', ''), [['snapshot', 'web']]);
    assert.deepEqual(await words('snapshot', 'diff', 'web', 'one', ''), [['snapshot', 'web', 'one']]);
    const { out } = await ctvirt('complete -- snapshot info web t');
    assert.equal(out, 'two\t\nthree\t\n');
  });
});
