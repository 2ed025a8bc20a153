// Compares every number and shape of the protocol table with libvirt's own source, fetched from Debian.
// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  authTypes,
  domainEvents,
  domainStates,
  errorCodes,
  errorDomains,
  features,
  programs,
  stateReasons,
} from '../packages/rpc/dist/index.js';
import { fetchLibvirtSource } from './libvirt-source.mjs';

const suite = process.argv[2] ?? 'bookworm';
const wanted = ['*.x', '*/src/libvirt*.c', '*/src/libvirt_internal.h', '*/include/libvirt/*.h'];

/**
 * libvirt's names by the table's one rule: words joined, runs of capitals written as words.
 *
 * @param {string} name
 */
function camel(name) {
  return name
    .replace(/_([a-zA-Z0-9])/g, (_, letter) => letter.toUpperCase())
    .replace(/([A-Z])([A-Z]+)/g, (_, first, rest) => first + rest.toLowerCase());
}

/** @param {string} text */
const uncomment = (text) => text.replace(/\/\*.*?\*\//gs, '').replace(/^%.*$/gm, '');

/** Reads one file of the XDR language: constants, types by name in the table's notation, procedures. */
class XdrFile {
  /** @type {Map<string, number>} */
  constants = new Map();
  /** @type {Map<string, string | (() => string)>} */
  types = new Map();
  /** @type {Map<string, string[]>} */
  structs = new Map();
  /** @type {Map<string, number>} */
  procedures = new Map();
  /** Procedures marked as followed by a stream; those libvirt codes by hand carry no mark. @type {Set<string>} */
  streams = new Set();

  /**
   * @param {string} text
   * @param {string} headers
   */
  constructor(text, headers) {
    const bare = uncomment(text);
    for (const [, name, value] of headers.matchAll(/^# *define (VIR_\w+_BUFLEN) +(.+)$/gm))
      this.constants.set(name, this.evaluate(value));
    for (const [, name, value] of bare.matchAll(/const\s+(\w+)\s*=\s*([^;]+);/g))
      this.constants.set(name, this.evaluate(value));
    for (const [, body] of bare.matchAll(/typedef\s+([^;]+);/g)) this.declare(body, this.types);
    for (const [, kind, name, body] of bare.matchAll(/(enum|struct|union)\s+(\w+)[^{;]*\{(.*?)\n\}/gs)) {
      if (kind === 'struct')
        this.structs.set(
          name,
          body
            .split(';')
            .map((line) => line.trim())
            .filter(Boolean),
        );
      if (kind === 'enum') this.types.set(name, 'int');
      if (kind === 'union') this.types.set(name, this.union(body));
    }
    for (const [, name, number] of bare.matchAll(/^\s*[A-Z]+_PROC_(\w+)\s*=\s*(\d+)/gm))
      this.procedures.set(name, Number(number));
    for (const [, tags, name] of text.matchAll(/\/\*\*((?:(?!\*\/).)*)\*\/\s*[A-Z]+_PROC_(\w+)/gs))
      if (/@(read|write)stream/.test(tags)) this.streams.add(camel(name.toLowerCase()));
  }

  /** @param {string} text */
  evaluate(text) {
    const sum = text.replace(/[()]/g, '').split('+');
    return sum.reduce((total, part) => total + (this.constants.get(part.trim()) ?? Number(part)), 0);
  }

  /** @param {string} body */
  union(body) {
    const arms = [...body.matchAll(/case\s+\w+:\s*([^;]+);/g)];
    return () =>
      `(${arms.map(([, declaration], at) => `${at + 1}:${this.member(declaration).notation()}`).join('|')})`;
  }

  /**
   * @param {string} declaration
   * @param {Map<string, string | (() => string)>} into
   */
  declare(declaration, into) {
    const { name, notation } = this.member(declaration);
    into.set(name, notation);
  }

  /**
   * `unsigned int flags`, `remote_nonnull_string names<MAX>`, `opaque x[16]`, `remote_domain *dom` to name and notation.
   *
   * @param {string} declaration
   */
  member(declaration) {
    const match = /^(unsigned\s+)?(\w+)\s+(\*?)(\w+)\s*(?:([<[])\s*(\w*)\s*[>\]])?$/.exec(declaration.trim());
    if (match === null) throw new Error(`cannot read the declaration '${declaration}'`);
    const [, unsigned, base, star, name, bracket, size] = match;
    const notation = () => {
      let type = this.named((unsigned ? 'u' : '') + base);
      if (bracket !== undefined) {
        const max = this.constants.get(size) ?? Number(size);
        type += bracket === '<' ? `<${max}>` : `[${max}]`;
      }
      return star + type;
    };
    return { name, notation };
  }

  /**
   * @param {string} type
   * @returns {string}
   */
  named(type) {
    /** @type {Readonly<Record<string, string | undefined>>} */
    const plain = {
      int: 'int',
      uint: 'uint',
      hyper: 'hyper',
      uhyper: 'uhyper',
      int64_t: 'hyper',
      double: 'double',
    };
    /** @type {Readonly<Record<string, string | undefined>>} */
    const small = { char: 'char', uchar: 'uchar', ushort: 'ushort', string: 'string', opaque: 'opaque' };
    const simple = plain[type] ?? small[type];
    if (simple !== undefined) return simple;

    const known = this.types.get(type);
    if (known !== undefined) return typeof known === 'function' ? known() : known;
    if (this.structs.has(type)) return this.struct(type);
    throw new Error(`unknown type '${type}'`);
  }

  /**
   * A member `msg` of an older message's type is inlined: the table keeps message bodies flat.
   *
   * @param {string} name
   * @returns {string}
   */
  struct(name) {
    /** @param {string} type */
    const inline = (type) => this.struct(type).slice(1, -1);
    const members = (this.structs.get(name) ?? []).map((line) => {
      const nested = /^(\w+_msg)\s+msg$/.exec(line);
      if (nested !== null) return inline(nested[1]);
      const { name: member, notation } = this.member(line);
      return `${camel(member)}:${notation()}`;
    });
    return `{${members.join(',')}}`;
  }
}

/**
 * Functions of libvirt's API that refuse read-only connections: name in small letters to always or sometimes.
 *
 * @param {string} tree
 */
function readWrites(tree) {
  /** @type {Map<string, 'always' | 'sometimes'>} */
  const found = new Map();
  for (const file of readdirSync(join(tree, 'src')).filter((name) => /^libvirt.*\.c$/.test(name))) {
    let current = '';
    for (const line of readFileSync(join(tree, 'src', file), 'utf8').split('\n')) {
      const start = /^(?:[a-z]\w*[ *]+)*vir([A-Z]\w+)\(/.exec(line);
      if (start !== null) current = start[1].toLowerCase();
      if (/^ {4}virCheckReadOnlyGoto/.test(line)) found.set(current, 'always');
      else if (/virCheckReadOnlyGoto|flags & VIR_CONNECT_RO\) &&/.test(line)) found.set(current, 'sometimes');
    }
  }
  return found;
}

const { tree, version } = fetchLibvirtSource(suite, { name: 'protocol', wanted });
/** @param {string} path */
const source = (path) => readFileSync(join(tree, path), 'utf8');
const headers = readdirSync(join(tree, 'include/libvirt'))
  .map((name) => source(`include/libvirt/${name}`))
  .join('\n');
const common = source('src/remote/remote_protocol.x');
/** @type {Readonly<Record<string, readonly [text: string, prefix: string]>>} */
const files = {
  remote: [common, 'remote_'],
  lxc: [`${common.replace(/enum remote_procedure.*/s, '')}${source('src/remote/lxc_protocol.x')}`, 'lxc_'],
  qemu: [`${common.replace(/enum remote_procedure.*/s, '')}${source('src/remote/qemu_protocol.x')}`, 'qemu_'],
  keepalive: [source('src/rpc/virkeepaliveprotocol.x'), 'keepalive_'],
};

let faults = 0;
let compared = 0;
/**
 * @param {string} what
 * @param {string | number | boolean | undefined} ours
 * @param {string | number | boolean | undefined} theirs
 */
function same(what, ours, theirs) {
  compared++;
  if (ours === theirs) return;
  faults++;
  console.error(`${what}\n  table:   ${ours}\n  libvirt: ${theirs}`);
}

/** Refused to read-only connections here although some version of libvirt lets them pass. */
const stricter = new Set(['nodeDeviceGetAutostart', 'domainDelThrottleGroup']);
const writes = readWrites(tree);
/** @type {(program: string, name: string) => string} */
const special = (program, name) => name.replace(/^(connectDomain|domain)/, `$1${program}`);

for (const program of programs) {
  const [text, prefix] = files[program.name];
  const theirs = new XdrFile(text, headers);
  const prog = [...theirs.constants].find(([name]) => name === `${prefix.toUpperCase()}PROGRAM`)?.[1];
  same(`number of program ${program.name}`, program.number, prog);
  const missing = new Map(
    [...theirs.procedures].map(([name, number]) => [camel(name.toLowerCase()), number]),
  );
  const total = missing.size;
  const newest = Math.max(...missing.values());
  const newer = [];
  /** @type {(name: string, kind: 'args' | 'ret' | 'msg') => string} */
  const notation = (name, kind) => {
    const snake = [...theirs.procedures.keys()].find((key) => camel(key.toLowerCase()) === name);
    return snake === undefined ? 'absent' : theirs.struct(`${prefix}${snake.toLowerCase()}_${kind}`);
  };
  for (const [name, row] of Object.entries(program.calls)) {
    if (row.number > newest) {
      newer.push(name);
      continue;
    }
    same(`number of ${name}`, row.number, missing.get(name));
    missing.delete(name);
    same(`arguments of ${name}`, row.args.notation, notation(name, 'args'));
    same(`result of ${name}`, row.result.notation, notation(name, 'ret'));
    if (theirs.streams.has(name)) same(`stream of ${name}`, row.stream !== 'none', true);
    const key = program.name === 'remote' ? name : special(program.name, name);
    const rule = row.writes === true ? 'always' : row.writes === false ? undefined : 'sometimes';
    const theirRule = writes.get(key.toLowerCase());
    if (!stricter.has(name) || theirRule !== undefined)
      same(`read-only connections and ${name}`, rule, theirRule);
  }
  for (const [name, row] of Object.entries(program.messages)) {
    if (row.number > newest) {
      newer.push(name);
      continue;
    }
    same(`number of ${name}`, row.number, missing.get(name));
    missing.delete(name);
    same(`body of ${name}`, row.body.notation, notation(name, 'msg'));
  }
  const beyond = newer.length === 0 ? '' : `, and ${newer.length} of later versions`;
  console.log(`${program.name}: ${total - missing.size} of ${total} procedures${beyond}`);
  for (const [name, number] of missing) console.log(`  missing: ${number} ${name}`);
}

/**
 * @param {string} text
 * @param {string} prefix
 */
function enumeration(text, prefix) {
  const rows = [...uncomment(text).matchAll(new RegExp(`\\b${prefix}(\\w+) *= *(\\d+)`, 'g'))];
  return new Map(rows.map(([, name, number]) => [camel(name.toLowerCase()), Number(number)]));
}
/**
 * @param {string} what
 * @param {Readonly<Record<string, number>>} ours
 * @param {ReadonlyMap<string, number>} theirs
 */
function sameNumbers(what, ours, theirs) {
  for (const [name, number] of Object.entries(ours)) same(`${what} ${name}`, number, theirs.get(name));
}
const errors = source('include/libvirt/virterror.h');
sameNumbers('error code', errorCodes, enumeration(errors, 'VIR_ERR_'));
sameNumbers('error domain', errorDomains, enumeration(errors, 'VIR_FROM_'));
sameNumbers('feature', features, enumeration(source('src/libvirt_internal.h'), 'VIR_DRV_FEATURE_'));
sameNumbers('authentication type', authTypes, enumeration(common, 'REMOTE_AUTH_'));
const domainHeader = source('include/libvirt/libvirt-domain.h');
sameNumbers('state of a domain', domainStates, enumeration(domainHeader, 'VIR_DOMAIN_'));
for (const [state, reasons] of Object.entries(stateReasons))
  sameNumbers(`reason of ${state}`, reasons, enumeration(domainHeader, `VIR_DOMAIN_${state.toUpperCase()}_`));
const newestRemote = Math.max(...new XdrFile(common, headers).procedures.values());
const eventIds = enumeration(domainHeader, 'VIR_DOMAIN_EVENT_ID_');
for (const [name, { id, message }] of Object.entries(domainEvents)) {
  if (programs[0].messages[message].number <= newestRemote)
    same(`domain event ${name}`, id, eventIds.get(name));
}

if (faults > 0) {
  console.error(`protocol: ${faults} differences in ${compared} comparisons`);
  process.exit(1);
}
console.log(`protocol: ${compared} comparisons with libvirt ${version}, no difference`);
