// Every list of ctvirt over domains whose titles drive a terminal: none of it arrives there, in words or as JSON.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { domainXml, withDaemon } from '../testing/harness.js';

const title = 'a\u009b31mb\u202ec\u2066d';
const orders = /[\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]|(?![\n\t])\p{Cc}/u;

describe('a title that drives a terminal', () => {
  const daemon = withDaemon();
  const { ctvirt, folder } = daemon;
  const file = join(folder, 'nasty.xml');
  before(async () => {
    writeFileSync(file, domainXml('nasty', `<title>${title}</title><description>${title}</description>`));
    const { status, err } = await ctvirt(`define ${file}`);
    assert.equal(status, 0, err);
  });

  const terminal = { isTerminal: true, env: { NO_COLOR: '1' } };
  const verbs = [
    'list --all --title',
    'list --all --rows',
    'list --all -o all',
    'dominfo nasty',
    'dumpxml nasty',
    'network list',
    'template list',
    'root list',
    'job list --all',
    'snapshot list nasty',
    'events --since 0',
    'events --last 9',
    'log nasty',
    'activity',
    'help',
  ];
  for (const words of [...verbs, ...verbs.map((one) => `${one} --json`)])
    test(words, async () => {
      const { out, err } = await ctvirt(words, terminal);
      assert.doesNotMatch(out + err.replaceAll('\r\x1b[K', ''), orders);
    });

  test('xml format, which a file gets as it is', async () => {
    assert.doesNotMatch((await ctvirt(`xml format ${file}`, terminal)).out, orders);
    const { out } = await ctvirt(`xml format ${file}`);
    assert.ok(out.includes(title) || out.includes('&#'), out);
    assert.ok(readFileSync(file, 'utf8').includes(title));
  });

  test('what a message names to be copied finds the domain, however it is called', async () => {
    const name = '-rf';
    const input = domainXml(name);
    assert.equal((await ctvirt('define -', { input })).status, 0);
    const refused = await ctvirt(`console ${name}`);
    assert.match(refused.err, /unknown option '-r'; a name that begins with a dash comes after --/);
    const off = await ctvirt(`console -- ${name}`);
    const [, words = ''] = /`ctvirt ([^`]+)`/.exec(off.err) ?? [];
    assert.equal(words, 'console --log -- -rf');
    assert.doesNotMatch((await ctvirt(words)).err, /unknown option/);
  });

  test('programs read of JSON what there is', async () => {
    const { out } = await ctvirt('list --all --json');
    assert.doesNotMatch(out, orders);
    const domains: readonly { readonly title: string | null }[] = JSON.parse(out);
    assert.ok(domains.some((domain) => domain.title === title));
  });
});
