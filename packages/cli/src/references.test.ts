// Nobody is hit who was not meant: domains that are called like numbers and UUIDs of others, by every verb that changes one.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { domainXml, withDaemon } from './testing/harness.js';

const options = { skip: process.getuid?.() === 0 ? false : "a daemon obeys root's files alone" };
const { ctvirt } = withDaemon();
const uuid = (at: number): string => `abcdef00-0000-4000-8000-00000000000${at}`;

const verbs = [
  'start',
  'suspend',
  'resume',
  'reboot',
  'shutdown',
  'start',
  'destroy',
  'autostart',
  'set --numproc 77 --config',
  'undefine --storage',
];

test('each verb hits whom its reference means, and says whom', options, async () => {
  const read = async (words: string) => JSON.parse((await ctvirt(`${words} --json`)).out);
  const all = async (): Promise<{ name: string; uuid: string; id: number | null }[]> => read('list --all');
  const define = async (name: string, at: number, type: string): Promise<void> => {
    const xml = domainXml(name).replace('</name>', `</name><uuid>${uuid(at)}</uuid>`);
    const { status, err } = await ctvirt('define -', { input: xml.replace(/type='\w+'/, `type='${type}'`) });
    assert.equal(status, 0, err);
  };
  const cast: readonly (readonly [name: string, type: string])[] = [
    ['web', 'openvz'],
    ['101', 'lxc'],
    ['1001', 'lxc'],
    ['102', 'lxc'],
  ];
  for (const [at] of cast.entries())
    for (const isByName of [false, true]) {
      for (const [index, [name, type]] of cast.entries()) await define(name, index, type);
      const reference = isByName ? (cast[at]?.[0] ?? '') : uuid(at);
      for (const verb of verbs) {
        const before = await all();
        const whom = before.find((one) => one.uuid === uuid(at))?.name ?? assert.fail();
        const { status, out, err } = await ctvirt(`${verb} ${reference}`);
        assert.equal(status, 0, `${verb} ${reference}: ${err}`);
        assert.ok(`${out}${err}`.includes(`'${whom}'`), `${verb} ${reference}: ${out}${err}`);
        const others = (list: typeof before) => list.filter((one) => one.uuid !== uuid(at));
        assert.deepEqual(others(await all()), others(before), `${verb} ${reference}`);
      }
      for (const one of await all()) {
        const { status, err } = await ctvirt(`undefine ${one.uuid} --storage`);
        assert.equal(status, 0, err);
      }
    }
});
