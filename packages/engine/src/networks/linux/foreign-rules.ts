// Rules of other programs that drop what a network forwards, or what its members ask of the host: looked at, and never touched.
// SPDX-License-Identifier: Apache-2.0
import { existsSync, readFileSync } from 'node:fs';
import { run } from '../../host/run.js';
import type { OwnBridge } from '../contract/plan.js';
import { needsDnsmasq } from './dnsmasq-config.js';
import { NFT } from './refusals.js';

type Hook = 'forward' | 'input';
type Json = Readonly<Record<string, unknown>>;

/** A chain that packets come to from the kernel itself, and the rest of its table. */
interface Base {
  readonly family: string;
  readonly table: string;
  readonly chain: string;
  readonly hook: Hook;
  readonly policy: string;
}

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null;

/** Things of one kind in what nft lists as JSON. */
function listed(text: string, kind: string): Json[] {
  const found: unknown = JSON.parse(text);
  const all = isObject(found) && Array.isArray(found['nftables']) ? found['nftables'] : [];
  return all.flatMap((one: unknown) => (isObject(one) && isObject(one[kind]) ? [one[kind]] : []));
}

const basesOf = (text: string): Base[] =>
  listed(text, 'chain').flatMap(({ family, table, name, type, hook, policy }) =>
    type === 'filter' && (hook === 'forward' || hook === 'input') && /^(ip|ip6|inet)$/.test(String(family))
      ? [
          {
            family: String(family),
            table: String(table),
            chain: String(name),
            hook,
            policy: String(policy),
          },
        ]
      : [],
  );

/** Whether a value has this link's name in it, or the beginning of it and a star. */
function speaksOf(value: unknown, link: string): boolean {
  if (typeof value === 'string')
    return value === link || (value.length > 1 && value.endsWith('*') && link.startsWith(value.slice(0, -1)));
  if (Array.isArray(value)) return value.some((one) => speaksOf(one, link));
  return isObject(value) && Object.values(value).some((one) => speaksOf(one, link));
}

const DHCP_PORT = 67;
const speaksOfDhcp = (value: unknown): boolean =>
  value === DHCP_PORT || (isObject(value) && Object.values(value).some(speaksOfDhcp));

const expressions = (rule: Json): Json[] =>
  (Array.isArray(rule['expr']) ? rule['expr'] : []).filter((one: unknown) => isObject(one));
const isFor = (words: readonly string[], rule: Json): boolean =>
  expressions(rule).every((one) => Object.keys(one).every((key) => words.includes(key)));
const verdict = (rule: Json, words: readonly string[]): boolean =>
  expressions(rule).some((one) => words.some((word) => word in one));

/** Whatever comes, comes to it. */
const isAlways = (rule: Json, verdicts: readonly string[]): boolean =>
  verdict(rule, verdicts) && isFor([...verdicts, 'counter', 'log'], rule);

const targetOf = (rule: Json): unknown =>
  expressions(rule).flatMap(({ jump, goto }) =>
    [jump, goto].flatMap((to) => (isObject(to) ? [to['target']] : [])),
  )[0];

/** What becomes of a packet that no rule of a chain, nor of those it always goes to, speaks of; undefined if that is left to others. */
function endOf(
  chain: unknown,
  rules: readonly Json[],
  seen: readonly unknown[] = [],
): 'accept' | 'drop' | undefined {
  if (seen.includes(chain)) return undefined;
  for (const rule of rules.filter((one) => one['chain'] === chain)) {
    if (isAlways(rule, ['accept'])) return 'accept';
    if (isAlways(rule, ['drop', 'reject'])) return 'drop';
    if (!isAlways(rule, ['jump', 'goto'])) continue;
    const end = endOf(targetOf(rule), rules, [...seen, chain]);
    if (end !== undefined) return end;
  }
  return undefined;
}

/** Whether it drops what no rule there speaks of, and none speaks of this link. */
export function isObstacle(base: Base, table: string, link: string): boolean {
  const rules = listed(table, 'rule');
  const isMeant = (rule: Json): boolean =>
    speaksOf(rule['expr'], link) ||
    (base.hook === 'input' && verdict(rule, ['accept']) && expressions(rule).some(speaksOfDhcp));
  return (
    (endOf(base.chain, rules) ?? base.policy) === 'drop' &&
    !rules.some(isMeant) &&
    // Names of links in sets and maps are listed beside the rules.
    !['set', 'map'].some((kind) => listed(table, kind).some((one) => speaksOf(one['elem'], link)))
  );
}

interface Program {
  readonly name: string;
  readonly advice: (link: string, hook: Hook) => string;
}

const insert = (chains: Readonly<Record<Hook, string>>) => (link: string, hook: Hook) =>
  hook === 'input'
    ? `iptables -I ${chains.input} -i ${link} -j ACCEPT`
    : `iptables -I ${chains.forward} -i ${link} -j ACCEPT and iptables -I ${chains.forward} -o ${link} -j ACCEPT`;

/** Whose a table is, by its name and its chains. */
function programOf({ family, table }: Base, listing: string): Program {
  const chains = listed(listing, 'chain').map(({ name }) => String(name));
  if (table === 'firewalld')
    return {
      name: 'firewalld',
      advice: (link) =>
        `firewall-cmd --permanent --zone=trusted --add-interface=${link}, then firewall-cmd --reload`,
    };
  if (chains.some((name) => name.startsWith('ufw')))
    return {
      name: 'ufw',
      advice: (link, hook) =>
        hook === 'input'
          ? `ufw allow in on ${link}`
          : `ufw route allow in on ${link} and ufw route allow out on ${link}`,
    };
  if (chains.includes('DOCKER-USER'))
    return { name: 'Docker', advice: insert({ input: 'INPUT', forward: 'DOCKER-USER' }) };
  if (table === 'filter' && family !== 'inet')
    return { name: 'iptables', advice: insert({ input: 'INPUT', forward: 'FORWARD' }) };
  return {
    name: `nftables' table ${family} ${table}`,
    advice: (link) => `a rule there that accepts what comes from ${link} and goes to it`,
  };
}

const remark = (
  link: string,
  { hook, chain }: Pick<Base, 'hook' | 'chain'>,
  { name, advice }: Program,
): string =>
  hook === 'input'
    ? `${name} drops what members ask of this host (DHCP and DNS on ${link}) in its chain ${chain}: let it pass by ${advice(link, hook)}`
    : `${name} drops what ${link} forwards in its chain ${chain}: let it pass by ${advice(link, hook)}`;

/** One for each chain that is in the way. */
export async function foreignRemarks(bridge: OwnBridge): Promise<string[]> {
  const { name: link, forward } = bridge;
  const hooks: Hook[] = [
    ...(forward.mode === 'none' ? [] : ['forward' as const]),
    ...(needsDnsmasq(bridge) ? ['input' as const] : []),
  ];
  const { stdout } = await run([NFT, '--json', 'list', 'chains']);
  const found: string[] = [];
  for (const base of basesOf(stdout)) {
    const has6 = bridge.addresses.some(({ family }) => family === 6);
    if (!hooks.includes(base.hook) || (base.family === 'ip6' && !has6)) continue;
    const listing = await run([NFT, '--json', 'list', 'table', base.family, base.table]);
    if (isObstacle(base, listing.stdout, link))
      found.push(remark(link, base, programOf(base, listing.stdout)));
  }
  return [...new Set([...found, ...(await legacyRemarks(link, hooks))])];
}

const LEGACY = '/usr/sbin/iptables-legacy';
const LEGACY_TABLES = '/proc/net/ip_tables_names';

/** The kernel's older tables, which nft does not list. */
async function legacyRemarks(link: string, hooks: readonly Hook[]): Promise<string[]> {
  if (!existsSync(LEGACY_TABLES) || !existsSync(LEGACY)) return [];
  if (!readFileSync(LEGACY_TABLES, 'utf8').split('\n').includes('filter')) return [];
  const { stdout } = await run([LEGACY, '--list-rules']);
  return hooks.flatMap((hook) => {
    const chain = hook.toUpperCase();
    const isInTheWay = stdout.includes(`-P ${chain} DROP\n`) && !stdout.includes(` ${link} `);
    const advice = insert({ input: 'INPUT', forward: 'FORWARD' });
    return isInTheWay ? [remark(link, { hook, chain }, { name: 'iptables-legacy', advice })] : [];
  });
}
