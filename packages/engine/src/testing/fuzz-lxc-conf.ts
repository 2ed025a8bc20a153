// Feeds both writers of liblxc's configuration hostile words: refused, or read back by liblxc's rules as exactly what was meant.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { FormatError, formatLxcConfig, formats } from '@ctvirt/formats';
import { parseDomain } from '@ctvirt/xml';
import { mutateStrings, type Random } from '@ctvirt/xml/testing';
import { type ConfigInput, configRows } from '../drivers/lxc/config.js';
import { EngineError } from '../errors.js';
import { planOf } from '../lifecycle/document.js';
import { readAsLiblxc, readMountEntry } from './liblxc-reader.js';
import { domainRecord } from './record.js';

const facts = { pageSize: 4096, hostCpus: 4, cpus: 4 };
const record = domainRecord({
  uuid: '11111111-2222-4333-8444-555555555555',
  ids: { start: 1 << 30, count: 65_536 },
});

/** Members that hold one of a few words, checked by the types and by the schema. */
const choices = ['kind', 'type', 'state', 'family', 'policy'];

/** A document of the corpus, and hostile words in what was made of it: in the domain, or later in the plan of its start. */
export function fuzzLxcConf(random: Random, corpus: readonly Buffer[]) {
  const xml = random.of(corpus).toString();
  const rarity = 1 + random.below(40);
  const isLate = random.below(2) === 0;
  const given = isLate ? lateInput(random, xml, rarity) : mutateStrings(random, parsed(xml), rarity, choices);
  const check = async () =>
    isLate ? checkStart(given as ConfigInput) : checkConversion(given as ReturnType<typeof parsed>);
  return { given: Buffer.from(JSON.stringify(given)), check };
}

function parsed(xml: string) {
  const { domain } = parseDomain(xml);
  return domain ?? assert.fail('a document of the corpus is refused');
}

function lateInput(random: Random, xml: string, rarity: number): ConfigInput {
  const plan = planOf(parsed(xml), record, facts);
  const input: ConfigInput = {
    plan,
    filesystems: [
      { target: '/', path: '/run/ctvirt/mnt/web~1/root-root', readOnly: random.below(2) === 0 },
      { target: '/srv/data', path: '/run/ctvirt/mnt/web~1/root-data', readOnly: false },
    ],
    devices: [{ target: '/dev/net/tun', path: '/run/ctvirt/mnt/web~1/device-all/0' }],
    workFolder:
      random.below(2) === 0 ? undefined : { inside: '/srv/data', path: '/run/ctvirt/mnt/web~1/work' },
    views: [{ source: '/run/ctvirt/lxcfs/proc/stat', target: 'proc/stat' }],
    limits: [{ controller: 'pids', file: 'pids.max', value: '20', hard: true }],
    cgroupVersion: random.below(2) === 0 ? 1 : 2,
    cgroupParent: 'ctvirt',
    rlimits: { nofile: '1024:524288' },
    oomScore: 0,
    consoleLog: '/var/lib/ctvirt/consoles/web/last',
    endedPath: () => '/run/ended',
    networkPath: '/run/network',
    seccompPath: '/run/ctvirt/domains/web/seccomp',
    appArmor: { state: random.of(['off', 'unconfined'] as const), name: 'lxc-ctvirt' },
  };
  return mutateStrings(random, input, rarity, choices);
}

/** What was refused says so by its own error; anything else is a fault. */
function textOf(write: () => string): string | undefined {
  try {
    return write();
  } catch (error) {
    if (error instanceof FormatError || error instanceof EngineError) return undefined;
    throw error;
  }
}

export function checkStart(input: ConfigInput): boolean {
  const rows = configRows(input);
  const text = textOf(() => formatLxcConfig(rows));
  if (text === undefined) return false;
  assert.deepEqual(
    readAsLiblxc(text),
    rows.map(([key, value]) => [key, value]),
    'another setting than was meant',
  );
  const mounts = rows.filter(([key]) => key === 'lxc.mount.entry').map(([, value]) => readMountEntry(value));
  for (const { target, path } of input.filesystems)
    if (target !== '/')
      assert.ok(
        mounts.some(([source, place]) => source === path && place === target.slice(1)),
        `no mount of ${JSON.stringify(path)} at ${JSON.stringify(target)}`,
      );
  return true;
}

/** `convert --to lxc`: nothing that runs on the host, nothing that reads another file, no line of the document's own making. */
export function checkConversion(domain: ReturnType<typeof parsed>): boolean {
  const text = textOf(() => [...formats.lxc.write(domain, facts).files.values()][0]?.text ?? '');
  if (text === undefined) return false;
  for (const [key, value] of readAsLiblxc(text)) {
    assert.doesNotMatch(key, /^lxc\.(hook|include|rootfs\.mount|execute|log)/, `${key} = ${value}`);
    assert.notEqual(value, '', `${key} is cleared`);
  }
  return true;
}
