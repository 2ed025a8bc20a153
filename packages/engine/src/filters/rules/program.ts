// A filter as rules of nftables: chains that all its links share, and sets with what differs between them.
// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import type { Nwfilter } from '@ctvirt/xml';
import { EngineError } from '../../errors.js';
import { macText } from '../../host/address-bytes.js';
import { type Condition, endsOf, textOf, type Value, type Variable } from './condition.js';
import { attributesOf, described, isOfFrames, type Looked, looksOf } from './fields.js';
import { type Guidance, guidanceIn } from './guidance.js';
import { type FilterRule, type PlacedRule, placedRules, type Variables } from './tree.js';

/** Which way packets go, as the domain sees it. */
type Way = 'out' | 'in';
/** The four times at which packets meet rules: as frames, and after that as packets. */
export const stages = ['frames_out', 'frames_in', 'packets_out', 'packets_in'] as const;
/** One of them. */
export type Stage = (typeof stages)[number];

/** A set with an element for each link and each of its values, which rules look into. */
export interface Lookup {
  readonly set: string;
  readonly looks: readonly Looked[];
  readonly given: Variables;
}

/** Rules for nft, of one filter with all that it names. */
export interface Program {
  readonly filter: string;
  /** Names of all whose rules are in it. */
  readonly holds: ReadonlySet<string>;
  /** What links of a stage go to; undefined of a stage where nothing is said. */
  readonly entries: Readonly<Partial<Record<Stage, string>>>;
  /** Rules by the names of their chains, each chain before those that jump to it. */
  readonly chains: ReadonlyMap<string, readonly string[]>;
  /** Declarations by the names of sets. */
  readonly sets: ReadonlyMap<string, string>;
  readonly lookups: readonly Lookup[];
  /** Whether anything that a link sends is not let through. */
  readonly forbids: boolean;
  /** What it lets through by name of that which no container says without. */
  readonly guidance: ReadonlySet<Guidance>;
  /** Variables that every link has to have values of. */
  readonly needs: ReadonlySet<string>;
  /** What this kernel cannot do of it, in words. */
  readonly impossible: readonly string[];
  /** What is done in another way, in words. */
  readonly remarks: readonly string[];
}

/** What the kernel can do. */
export interface KernelAbilities {
  /** Whether it tracks connections on bridges (nf_conntrack_bridge). */
  readonly tracksConnections: boolean;
}

/** Those that a link has without saying so; of an address that nobody knows there is no value. */
export const ownVariables: ReadonlySet<string> = new Set(['MAC', 'IP', 'IPV6']);

/** Throws `not-found` and `invalid` where there is no such filter, or one that names itself. */
export function programOf(
  name: string,
  find: (name: string) => Nwfilter | undefined,
  abilities: KernelAbilities,
): Program {
  const rules = placedRules(name, find);
  const writer = new Writer(rules, abilities);
  return writer.program(name);
}

class Writer {
  readonly #id: string;
  readonly #chains = new Map<string, readonly string[]>();
  readonly #sets = new Map<string, string>();
  readonly #lookups = new Map<string, Lookup>();
  readonly #needs = new Set<string>();
  readonly #impossible = new Set<string>();
  readonly #remarks = new Set<string>();

  constructor(
    private readonly rules: readonly PlacedRule[],
    private readonly abilities: KernelAbilities,
  ) {
    // Other rules are other chains: who puts them there need not know which were there.
    this.#id = `f${digest({ rules, abilities })}`;
  }

  program(filter: string): Program {
    const entries: Partial<Record<Stage, string>> = {};
    for (const way of ['out', 'in'] as const) {
      const frames = this.#frames(way);
      if (frames !== undefined) entries[`frames_${way}`] = frames;
      const packets = this.#packets(way);
      if (packets !== undefined) entries[`packets_${way}`] = packets;
    }
    return {
      filter,
      holds: new Set(this.rules.map((one) => one.filter)),
      entries,
      chains: this.#chains,
      sets: this.#sets,
      lookups: [...this.#lookups.values()],
      forbids: this.rules.some(({ rule }) => isDrop(rule) && rule.direction !== 'in'),
      guidance: new Set(this.rules.flatMap(({ rule }) => guidanceIn(rule))),
      needs: this.#needs,
      impossible: [...this.#impossible],
      remarks: [...this.#remarks],
    };
  }

  /** Rules of root and jumps to other chains in one order; of one priority a chain comes first. */
  #frames(way: Way): string | undefined {
    const rules = this.rules.filter(({ rule }) => isOfFrames(rule.match) && goes(rule, way));
    if (rules.length === 0) return undefined;
    const entry = `${this.#id}_frames_${way}`;
    const chains = new Map<string, PlacedRule[]>();
    for (const one of rules)
      if (one.chain !== 'root') chains.set(one.chain, [...(chains.get(one.chain) ?? []), one]);
    const jumps = [...chains].map(([chain, own], at) => {
      const name = `${entry}_${at}`;
      this.#chains.set(
        name,
        this.#inOrder(own).flatMap((one) => this.#frameRules(one, way)),
      );
      return { priority: own.at(-1)?.chainPriority ?? 0, rules: [`${headOfChain(chain)}jump ${name}`] };
    });
    const roots = this.#inOrder(rules.filter(({ chain }) => chain === 'root')).map((one) => ({
      priority: priorityOf(one.rule),
      rules: this.#frameRules(one, way),
    }));
    this.#chains.set(
      entry,
      [...jumps, ...roots].toSorted((a, b) => a.priority - b.priority).flatMap((one) => one.rules),
    );
    return entry;
  }

  #packets(way: Way): string | undefined {
    const rules = this.#inOrder(this.rules.filter(({ rule }) => !isOfFrames(rule.match)));
    const written = rules.flatMap((one) => this.#packetRules(one, way));
    if (written.length === 0) return undefined;
    const entry = `${this.#id}_packets_${way}`;
    this.#chains.set(entry, written);
    return entry;
  }

  #inOrder(rules: readonly PlacedRule[]): PlacedRule[] {
    return rules.toSorted((a, b) => priorityOf(a.rule) - priorityOf(b.rule));
  }

  /** As libvirt has it: one of both ways speaks of what comes in, and the other way round of what goes out. */
  #frameRules(placed: PlacedRule, way: Way): string[] {
    const { rule } = placed;
    const verdict = verdictOf(rule);
    const { match } = rule;
    if (match === undefined) return [verdict];
    if (rule.action === 'reject') this.#remarks.add(rejects);
    const text = this.#textOf(placed, way, rule.direction === 'inout' && way === 'out', verdict);
    return text === undefined ? [] : [text];
  }

  /** What is let through is answered: the other way goes what belongs to it. */
  #packetRules(placed: PlacedRule, way: Way): string[] {
    const { rule } = placed;
    const { match, direction, action } = rule;
    if (match === undefined) return [];
    if (action === 'reject') this.#remarks.add(rejects);
    const state = attributesOf(match).get('state');
    const states = rule.statematch === false || state === undefined ? undefined : state.toLowerCase();
    const isOwn = direction === way;
    const texts = (back: boolean, tracked: string): string[] => {
      const text = this.#textOf(placed, way, back, `${tracked}${verdictOf(rule)}`);
      return text === undefined ? [] : [text];
    };
    if (direction === 'inout') return texts(way === 'out', states === undefined ? '' : this.#tracked(states));
    if (states !== undefined) return isOwn ? texts(false, this.#tracked(states)) : [];
    // Asked for by type a message of ICMP has no other way.
    if (isOwn) return texts(false, '');
    const isKindOfIcmp = match.kind.startsWith('icmp') && attributesOf(match).has('type');
    if (action !== 'accept' || rule.statematch === false || isKindOfIcmp) return [];
    if (this.abilities.tracksConnections) return texts(true, 'ct state established ');
    return texts(true, match.kind.startsWith('tcp') ? 'tcp flags & (syn|ack) != syn ' : '');
  }

  #tracked(states: string): string {
    const known = states.split(',').filter((state) => state !== 'none');
    if (known.length === 0) return '';
    if (!this.abilities.tracksConnections)
      this.#impossible.add(`state='${states.toUpperCase()}': ${noTracking}`);
    return `ct state { ${known.join(', ')} } `;
  }

  /** One rule, or none where it asks for what cannot be done. */
  #textOf({ rule, given, filter }: PlacedRule, way: Way, back: boolean, end: string): string | undefined {
    const { match } = rule;
    if (match === undefined) return end;
    const link = way === 'out' ? 'iifname' : 'oifname';
    const looks = looksOf(match, back);
    const said = looks.filter((one) => !isVariable(one)).map((one) => literal(one, filter));
    const extra = this.#extras(rule, way, back);
    if (extra === undefined) return undefined;
    const sets = groups(looks.filter(isVariable)).map((group) => this.#lookup(group, given, link, filter));
    return [...described[match.kind].head, ...said, ...sets, ...extra, end].join(' ');
  }

  #extras({ match }: FilterRule, way: Way, back: boolean): string[] | undefined {
    if (match === undefined) return [];
    const said = attributesOf(match);
    const not = match.match === false;
    const extras: string[] = [];
    const flags = said.get('flags');
    if (match.kind.startsWith('tcp') && flags !== undefined) extras.push(tcpFlags(flags, not));
    const option = said.get('option');
    if (option !== undefined) extras.push(`tcp option ${Number(option)} ${not ? 'missing' : 'exists'}`);
    const most = said.get('connlimitAbove');
    if (most !== undefined) {
      if (!this.abilities.tracksConnections) this.#impossible.add(`connlimit-above: ${noTracking}`);
      const source = `${match.kind.includes('ipv6') || match.kind === 'icmpv6' ? 'ip6' : 'ip'} ${back ? 'daddr' : 'saddr'}`;
      const link = way === 'out' ? 'iifname' : 'oifname';
      const set = `c${digest({ id: this.#id, most, source, link, said: [...said] })}`;
      this.#sets.set(set, `typeof ${link} . ${source}\nsize 65535\nflags dynamic`);
      extras.push(`add @${set} { ${link} . ${source} ct count ${not ? '' : 'over '}${Number(most)} }`);
    }
    if (said.has('ipset')) {
      this.#impossible.add('ipset: nftables does not look into the sets of ipset');
      return undefined;
    }
    if ('gratuitous' in match && match.gratuitous === true) {
      this.#impossible.add('gratuitous: nftables does not compare two fields of a packet');
      return undefined;
    }
    return extras;
  }

  #lookup(looks: readonly Looked[], given: Variables, link: string, filter: string): string {
    for (const { field, isKey } of looks)
      if (!isKey)
        this.#impossible.add(
          `a variable for '${field}' in filter '${filter}': only addresses, ports and numbers of whole bytes can be ones`,
        );
    const known = Object.fromEntries(
      Object.entries(given).filter(([name]) =>
        looks.some((one) => variablesOf(one).some((v) => v.name === name)),
      ),
    );
    for (const { name } of looks.flatMap(variablesOf))
      if (!ownVariables.has(name) && known[name] === undefined) this.#needs.add(name);
    const keys = looks.map(({ field, values, as }) => ({ field, values, as }));
    const set = `v${digest({ keys, known })}`;
    const fields = looks.map(({ field }) => field).join(' . ');
    this.#sets.set(set, `typeof iifname . ${fields}${hasRanges(looks) ? '\nflags interval' : ''}`);
    this.#lookups.set(set, { set, looks, given: known });
    return `${link} . ${fields} ${looks.some(({ isNot }) => isNot) ? '!= ' : ''}@${set}`;
  }
}

const noTracking = 'this kernel tracks no connections on bridges (nf_conntrack_bridge)';
const rejects = 'what is rejected is dropped: nobody is told';

const digest = (of: unknown): string =>
  createHash('sha256').update(JSON.stringify(of)).digest('hex').slice(0, 12);

const priorityOf = ({ priority = 500 }: FilterRule): number => priority;
const isDrop = ({ action }: FilterRule): boolean => action === 'drop' || action === 'reject';
const goes = ({ direction }: FilterRule, way: Way): boolean => direction === way || direction === 'inout';
const verdictOf = ({ action }: FilterRule): string => (action === 'reject' ? 'drop' : action);

const headsOfChains: readonly (readonly [prefix: string, head: string])[] = [
  ['mac', ''],
  ['vlan', 'ether type vlan '],
  ['stp', 'ether daddr 01:80:c2:00:00:00 '],
  ['arp', 'ether type arp '],
  ['rarp', 'ether type 0x8035 '],
  ['ipv4', 'ether type ip '],
  ['ipv6', 'ether type ip6 '],
];
const headOfChain = (chain: string): string =>
  headsOfChains.find(([prefix]) => chain.startsWith(prefix))?.[1] ?? '';

const hasRanges = (looks: readonly Condition[]): boolean => looks.some(({ as }) => as !== 'value');
const isName = (value: Value): value is Variable => typeof value !== 'string';
const variablesOf = ({ values }: Pick<Condition, 'values'>): Variable[] => values.filter(isName);
const iteratorsOf = (variables: readonly Variable[]): number[] => [
  ...new Set(variables.map(({ iterator }) => iterator).filter((number) => number >= 0)),
];
const isVariable = (one: Condition): boolean => variablesOf(one).length > 0;

function literal({ mask, ...one }: Looked, filter: string): string {
  const { field, type, values, isNot } = one;
  try {
    const texts = values.map(String);
    const [first = ''] = texts;
    if (mask === undefined) return `${field} ${isNot ? '!= ' : ''}${textOf(one, texts)}`;
    const bits = type.bytes(mask);
    const wanted = Buffer.from(type.bytes(first).map((octet, at) => octet & (bits[at] ?? 0)));
    const number = (bytes: Buffer): string => `0x${bytes.toString('hex')}`;
    return type.isRaw === true
      ? `${field} & ${number(bits)} ${isNot ? '!=' : '=='} ${number(wanted)}`
      : `${field} & ${type.text(mask)} ${isNot ? '!=' : '=='} ${macText(wanted)}`;
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    throw new EngineError(
      'invalid',
      `filter '${filter}': ${error.message}`,
      { name: filter },
      { cause: error },
    );
  }
}

const bits: Readonly<Record<string, string>> = {
  ALL: 'fin|syn|rst|psh|ack|urg',
  NONE: '0x0',
};
function tcpFlags(text: string, not: boolean): string {
  const [mask = '', set = ''] = text.toUpperCase().split('/');
  const words = (part: string): string => bits[part] ?? part.toLowerCase().replaceAll(',', '|');
  return `tcp flags & (${words(mask)}) ${not ? '!=' : '=='} ${words(set)}`;
}

/** Those whose variables go through their values together, and each that stands for one value alone. */
function groups(looks: readonly Looked[]): Looked[][] {
  const byIterator = new Map<string, Looked[]>();
  for (const [at, one] of looks.entries()) {
    const iterators = iteratorsOf(variablesOf(one));
    // One that is denied is so by itself.
    const key = one.isNot || iterators.length !== 1 ? `alone ${at}` : `together ${iterators[0]}`;
    byIterator.set(key, [...(byIterator.get(key) ?? []), one]);
  }
  return [...byIterator.values()];
}

/** An element of a program's sets and maps. */
export interface ProgramElement {
  readonly set: string;
  /** As the kernel compares it, and to the end of a range where the set has ranges. */
  readonly key: Buffer;
  readonly end: Buffer | undefined;
  /** Where each of its fields begins and ends. */
  readonly widths: readonly (readonly [from: number, to: number])[];
  /** The same as nft reads it, behind the link's name. */
  readonly text: string;
}

/** What a link adds to the sets of a program. Throws `invalid` for values that are none, and for variables without one. */
export function elementsOfLink(program: Program, own: Variables): ProgramElement[] {
  for (const name of program.needs)
    if (own[name] === undefined)
      throw new EngineError(
        'invalid',
        `filter '${program.filter}' needs a value for $${name}: <parameter name='${name}' value='...'/> in the <filterref>`,
        { name: program.filter },
      );
  return program.lookups.flatMap(({ set, looks, given }) => {
    const values = { ...given, ...own };
    const found = tuples(looks, values, program.filter).map((tuple): ProgramElement => {
      const ends = looks.map((one, at) => endsOf(one, tuple[at] ?? []));
      const widths = ends.map(([first], at) => {
        const before = ends.slice(0, at).reduce((sum, [bytes]) => sum + words(bytes).length, 0);
        return [before, before + first.length] as const;
      });
      const whole = (which: 0 | 1): Buffer => Buffer.concat(ends.map((end) => words(end[which])));
      return {
        set,
        key: whole(0),
        end: hasRanges(looks) ? whole(1) : undefined,
        widths,
        text: looks.map((one, at) => textOf(one, tuple[at] ?? [])).join(' . '),
      };
    });
    return apart(found, program.filter);
  });
}

/** A set holds no two that overlap: what lies within another goes. */
function apart(elements: readonly ProgramElement[], filter: string): ProgramElement[] {
  const kept: ProgramElement[] = [];
  for (const one of elements) {
    if (kept.some((other) => isWithin(one, other))) continue;
    const rest = kept.filter((other) => !isWithin(other, one));
    const crossed = rest.find((other) => doOverlap(one, other));
    if (crossed !== undefined)
      throw new EngineError(
        'invalid',
        `filter '${filter}': the values ${crossed.text} and ${one.text} overlap: give ranges that do not`,
        { name: filter },
      );
    kept.splice(0, kept.length, ...rest, one);
  }
  return kept;
}

/** Each field of one and of the other, as ranges that the kernel compares. */
const everyField = (
  one: ProgramElement,
  other: ProgramElement,
  holds: (a: readonly [Buffer, Buffer], b: readonly [Buffer, Buffer]) => boolean,
): boolean =>
  one.widths.every(([from, to]) => {
    const range = ({ key, end = key }: ProgramElement) =>
      [key.subarray(from, to), end.subarray(from, to)] as const;
    return holds(range(one), range(other));
  });
const isWithin = (one: ProgramElement, other: ProgramElement): boolean =>
  everyField(one, other, (a, b) => b[0].compare(a[0]) <= 0 && a[1].compare(b[1]) <= 0);
const doOverlap = (one: ProgramElement, other: ProgramElement): boolean =>
  everyField(one, other, (a, b) => a[0].compare(b[1]) <= 0 && b[0].compare(a[1]) <= 0);

const words = (bytes: Buffer): Buffer => Buffer.concat([bytes], Math.ceil(bytes.length / 4) * 4);

/** Every set of values that a rule is for; with lists of different lengths what there is. */
function tuples(looks: readonly Looked[], values: Variables, filter: string): string[][][] {
  const names = looks.flatMap(variablesOf);
  const iterators = iteratorsOf(names);
  const counts = iterators.map((iterator) => {
    const lengths = names
      .filter((one) => one.iterator === iterator)
      .map(({ name }) => values[name]?.length ?? 0);
    if (new Set(lengths).size > 1)
      throw new EngineError(
        'invalid',
        `filter '${filter}': variables that go through their values together have as many each: ${names.map(({ name }) => `$${name}`).join(', ')}`,
        { name: filter },
      );
    return lengths[0] ?? 0;
  });
  let states: ReadonlyMap<number, number>[] = [new Map()];
  for (const [at, iterator] of iterators.entries())
    states = states.flatMap((state) =>
      Array.from({ length: counts[at] ?? 0 }, (_, number) => new Map([...state, [iterator, number]])),
    );
  return states.map((state) =>
    looks.map((one) =>
      one.values.map((value) => {
        if (!isName(value)) return value;
        const number = value.at ?? state.get(value.iterator) ?? 0;
        const found = values[value.name]?.[number];
        if (found === undefined)
          throw new EngineError(
            'invalid',
            `filter '${filter}': $${value.name} has no value ${number}: give the parameter ${number + 1} times`,
            { name: filter },
          );
        return found;
      }),
    ),
  );
}
