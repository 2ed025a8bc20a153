// The verbs of network filters against a daemon: what they print, in words and as JSON, and how they end.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { withDaemon } from '../testing/harness.js';

const xml = (inside: string): string => `<filter name='own'>\n  ${inside}\n</filter>\n`;
const rule = "<rule action='drop' direction='out'><tcp dstportstart='25'/></rule>";

describe('ctvirt filter', () => {
  const daemon = withDaemon();
  const { ctvirt } = daemon;

  test('defines, shows and forgets one, also in the words of virsh', async () => {
    const file = join(daemon.folder, 'own.xml');
    writeFileSync(file, xml(rule));
    const defined = { status: 0, out: `Network filter 'own' defined from ${file}\n`, err: '' };
    assert.deepEqual(await ctvirt(`filter define ${file}`), defined);
    assert.deepEqual(await ctvirt(`nwfilter-define ${file}`), defined);
    assert.match((await ctvirt('filter dumpxml own')).out, /<tcp dstportstart='25'\/>/);
    assert.match((await ctvirt('nwfilter-list --name')).out, /^clean-traffic$/m);
    const { out } = await ctvirt('filter list');
    assert.match(out, /^ Name +Origin +Chain +Filters in it$/m);
    assert.match(out, /^ no-arp-spoofing +ctvirt +root +no-arp-mac-spoofing, no-arp-ip-spoofing$/m);
    assert.match(out, /^ own +own +root +-$/m);
    const json = JSON.parse((await ctvirt('filter list --json')).out);
    assert.ok(
      json.some(({ name, shipped }: { name: string; shipped: boolean }) => name === 'own' && !shipped),
    );
    assert.equal((await ctvirt('filter bindings')).status, 0);
    assert.deepEqual(await ctvirt('filter undefine own'), {
      status: 0,
      out: "Network filter 'own' undefined\n",
      err: '',
    });
    assert.equal((await ctvirt('filter dumpxml own')).status, 3);
    assert.match((await ctvirt('filter dumpxml clean-trafic')).err, /; did you mean 'clean-traffic'\?/);
  });

  test('tells what is wrong with a document, and what is done in another way, by its line', async () => {
    const wrong = await ctvirt('filter define -', { input: xml("<rule action='drop' direction='up'/>") });
    assert.notEqual(wrong.status, 0);
    assert.match(wrong.err, /2:\d+.*direction/s);
    const told = await ctvirt('filter define -', { input: xml(rule.replace('drop', 'reject')) });
    assert.match(told.err, /what is rejected is dropped/);
    const kept = await ctvirt('filter undefine clean-traffic');
    assert.match(kept.err, /comes with ctvirt/);
    await ctvirt('filter undefine own');
  });
});
