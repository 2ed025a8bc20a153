// Feeds what is told to dnsmasq and nft of a network hostile words: refused, or as many lines and options as were meant.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mutateStrings, type Random } from '@ctvirt/xml/testing';
import { EngineError } from '../errors.js';
import type { Member, OwnBridge } from '../networks/contract/plan.js';
import { DNSMASQ } from '../networks/linux/dnsmasq.js';
import { configText, hostsText, namesText } from '../networks/linux/dnsmasq-config.js';
import { ruleset } from '../networks/linux/rules.js';

interface Input {
  readonly bridge: OwnBridge;
  readonly members: readonly Member[];
}

/** Checked by the types and by the schema. */
const choices = ['mode', 'forwards', 'leaseSeconds'];
/** dnsmasq itself is asked of one in so many: each takes some milliseconds. */
const ASKED = 50;
const files = {
  ...{ config: '/dev/stdin', hosts: '/run/a b/dnsmasq.hosts', names: '/run/dnsmasq.names' },
  ...{ leases: '/run/dnsmasq.leases', pid: '/run/dnsmasq.pid' },
};

export function fuzzNetworks(random: Random, corpus: readonly Buffer[]) {
  const plain: Input = JSON.parse(random.of(corpus).toString());
  const input = mutateStrings(random, plain, 1 + random.below(60), choices);
  const isAsked = random.below(ASKED) === 0;
  return {
    given: Buffer.from(JSON.stringify(input)),
    check: async () => {
      const accepted = [checkConfig(input, isAsked), checkLists(input), checkRules(plain, input)];
      return accepted.every(Boolean);
    },
  };
}

/** What was refused says so by its own error; anything else is a fault. */
function textOf(write: () => string): string | undefined {
  try {
    return write();
  } catch (error) {
    if (error instanceof EngineError) return undefined;
    throw error;
  }
}

/** As dnsmasq reads a value: what is in quotes stands for itself, but for what a backslash escapes. */
const unquoted = (text: string): string =>
  text.replace(/"((?:[^"\\]|\\.)*)"/g, (_, inner: string) => inner.replace(/\\(.)/g, '$1'));

function checkConfig({ bridge }: Input, isAsked: boolean): boolean {
  const text = textOf(() => configText(bridge, files, { name: 'nobody', group: 'nogroup' }));
  if (text === undefined) return false;
  const found = new Map<string, string[]>();
  for (const line of text.slice(0, -1).split('\n')) {
    assert.doesNotMatch(line, /\p{Cc}/u, 'a control character');
    const [key = '', ...value] = line.split('=');
    found.set(key, [...(found.get(key) ?? []), value.join('=')]);
  }
  const { dns, dhcp, addresses } = bridge;
  const counts: Readonly<Record<string, number>> = {
    ...{ 'strict-order': 1, user: 1, group: 1, 'pid-file': 1, 'except-interface': 1, 'bind-dynamic': 1 },
    ...{ interface: 1, domain: 1, 'expand-hosts': 1, 'domain-needed': 1, 'dhcp-lease-max': 1 },
    ...{
      'dhcp-hostsfile': 1,
      'dhcp-leasefile': 1,
      'no-hosts': 1,
      'addn-hosts': 1,
      'dhcp-option': 2,
      'enable-ra': 1,
    },
    ...{ 'dhcp-name-match': 1, 'dhcp-ignore-names': 1, 'dhcp-no-override': 1, 'dhcp-authoritative': 1 },
    ...{ 'no-resolv': 1, 'enable-tftp': 1, 'dhcp-boot': 1, server: dns.forwarders.length },
    'tftp-root': addresses.filter(({ tftpRoot }) => tftpRoot !== undefined).length,
    'txt-record': dns.texts.length,
    'srv-host': dns.services.length,
    'dhcp-range': dhcp.reduce((sum, { ranges }) => sum + ranges.length + 1, 0),
    local: 2 + addresses.filter(({ hasLocalPtr }) => hasLocalPtr).length,
  };
  assert.deepEqual(
    Object.fromEntries([...found].map(([key, values]) => [key, values.length])),
    counts,
    'other options than were meant',
  );
  for (const [at, { value }] of dns.texts.entries()) {
    const told = found.get('txt-record')?.[at] ?? '';
    assert.equal(unquoted(told.slice(told.indexOf(',') + 1)), value);
  }
  if (isAsked) {
    const { status, stderr } = spawnSync(
      '/bin/sh',
      ['-c', `cat | ${DNSMASQ} --test --conf-file=/dev/stdin`],
      {
        input: text.replace(/^(dhcp-hostsfile|addn-hosts)=.*\n/gm, ''),
        encoding: 'utf8',
      },
    );
    assert.equal(status, 0, stderr);
  }
  return true;
}

function checkLists({ bridge, members }: Input): boolean {
  const hosts = textOf(() => hostsText(bridge, members));
  const names = textOf(() => namesText(bridge, members));
  if (hosts === undefined || names === undefined) return false;
  const word = String.raw`[\w.:-]+`;
  assert.match(hosts, new RegExp(String.raw`^(?:${word}(?:,(?:${word}|\[[\da-f:.]+\]))*\n)*$`, 'i'));
  assert.match(names, /^(?:[\da-f:.]+(?: [\w.-]+)+\n)*$/i);
  return true;
}

/** Names of links stand in quotes, and nothing else does; all other words are of the rules' own. */
function checkRules(plain: Input, input: Input): boolean {
  const text = textOf(() => ruleset('ctvirt-net', [input]));
  if (text === undefined) return false;
  const rest = text.replace(/"[\w.:@+-]{1,15}"/g, '');
  assert.doesNotMatch(rest, /[^a-z0-9_ \n{}=:;.,/[\]@!<>-]/i, 'a character that no rule has');
  const words = (of: string): Set<string> =>
    new Set(of.match(/[a-z][a-z_-]{2,}\b/gi)?.filter((one) => !/^[\da-f]+$/i.test(one)));
  const own = words(ruleset('ctvirt-net', [plain]).replace(/"[^"]*"/g, ''));
  for (const one of words(rest)) assert.ok(own.has(one), `the word ${one}`);
  return true;
}
