// Changes a document at random: its bytes, its tokens, its structure.
// SPDX-License-Identifier: Apache-2.0
import { domain } from '../domain/index.js';
import { network } from '../network/index.js';
import { nwfilter } from '../nwfilter/index.js';
import type { Fields } from '../schema/declaration.js';
import { elementsBeneath } from './arbitrary.js';
import type { Random } from './random.js';

/** Values that have hurt parsers before. */
const odd = [
  '',
  '0',
  '-1',
  '+1',
  '1e9',
  '0x10',
  '1.5',
  '4294967296',
  '9007199254740993',
  '18446744073709551616',
  '9'.repeat(60),
  'yes',
  'on',
  'unlimited',
  '/',
  '//',
  '/..',
  '../..',
  '0-4095,^3',
  '0.0.0.0',
  '::',
  '::ffff:1.2.3.4',
  '10.0.0.1/33',
  'fe80::1%eth0',
  '00:00:00:00:00:00',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'extras',
  '(prolog)',
  '#text',
  '#comment',
  ' padded ',
  '\t',
  '\r\n',
  '\0',
  '\u0007',
  '\u0085',
  '\uFFFE',
  '\uD800',
  'é𐍈',
  '&amp;&lt;&#10;&#x9;',
  '&quot;&apos;',
  ']]>',
  '--',
  'x'.repeat(3000),
  ' '.repeat(3000),
  '1:'.repeat(500),
  'a,b;c=d',
];

/** Pieces of markup that stand for an attack or a corner of the grammar. */
const hostile = [
  '<!DOCTYPE domain>',
  '<!DOCTYPE domain [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>',
  '<!DOCTYPE d SYSTEM "file:///etc/passwd">',
  '<!ENTITY x SYSTEM "file:///etc/passwd">',
  '&b;',
  '&nbsp;',
  '&#0;',
  '&#xD800;',
  '&#1114112;',
  '&',
  '<',
  '>',
  '"',
  "'",
  '</',
  '/>',
  '<>',
  '</domain>',
  '<a>',
  '<a/>',
  '<__proto__/>',
  "<__proto__ __proto__='1'>x</__proto__>",
  "<constructor prototype='1'/>",
  '<!-- <a> -->',
  '<!---->',
  '<!-- a -- b -->',
  '<![CDATA[ <a> ]]>',
  '<![CDATA[]]>',
  '<?pi?>',
  '<?xml version="1.0"?>',
  '<?xml version="1.1" encoding="utf-16"?>',
  "<x:y xmlns:x='urn:x'/>",
  "<y xmlns='urn:y'><z xmlns=''/></y>",
  '<x:y/>',
  "<xml:lang xml:space='preserve'/>",
  "<lxc:namespace xmlns:lxc='http://libvirt.org/schemas/domain/lxc/1.0'/>",
  "<n:namespace xmlns:n='http://libvirt.org/schemas/domain/lxc/1.0'><n:sharenet type='netns' value='r'/></n:namespace>",
  '\uFEFF',
];

function vocabulary(): { elements: string[]; attributes: string[]; words: string[] } {
  const elements = new Set<string>();
  const attributes = new Set<string>([
    'xmlns',
    'xmlns:x',
    'xmlns:lxc',
    'xmlns:dnsmasq',
    'x:a',
    'unit',
    '__proto__',
  ]);
  const words = new Set<string>(['bytes', 'KiB', 'GB', 'E', 'urn:x']);
  const collect = (fields: Fields): void => {
    for (const [key, field] of Object.entries(fields)) {
      if (field.kind === 'attribute') attributes.add(field.name ?? key);
      if (field.kind === 'size-attribute') attributes.add(field.name).add(field.unitAttribute);
      if ('name' in field && field.kind !== 'attribute' && field.kind !== 'size-attribute')
        elements.add(field.name);
      if ('scalar' in field && field.scalar.grammar.kind === 'enum')
        for (const value of field.scalar.grammar.values) words.add(value);
    }
  };
  for (const { name, body } of elementsBeneath(nwfilter, elementsBeneath(network, elementsBeneath(domain)))) {
    elements.add(name);
    collect(body.fields);
    for (const [variant, { fields }] of Object.entries(body.choice?.variants ?? {})) {
      words.add(variant);
      if (body.choice?.isName === true) elements.add(variant);
      collect(fields);
    }
  }
  return { elements: [...elements], attributes: [...attributes], words: [...words] };
}

const { elements, attributes, words } = vocabulary();

type Change = (random: Random, text: string, other: string) => string;

const bytes: readonly Change[] = [
  (random, text) => {
    const buffer = Buffer.from(text);
    for (let flips = 1 + random.below(4); flips > 0 && buffer.length > 0; flips--)
      buffer[random.below(buffer.length)] = random.below(256);
    return buffer.toString(random.below(8) === 0 ? 'latin1' : 'utf8');
  },
  (random, text) => {
    const at = random.below(text.length + 1);
    return text.slice(0, at) + text.slice(at + 1 + random.below(20));
  },
  (random, text) => {
    const at = random.below(text.length + 1);
    const from = random.below(text.length + 1);
    return text.slice(0, at) + text.slice(from, from + random.below(200)) + text.slice(at);
  },
  (random, text) => {
    const at = random.below(text.length + 1);
    return text.slice(0, at) + random.of(random.below(2) === 0 ? odd : hostile) + text.slice(at);
  },
  (random, text) => text.slice(0, random.below(text.length + 1)),
];

/** Tags and the texts between them. */
export const piecesOf = (text: string): string[] => text.match(/<[^>]*>|[^<]+/g) ?? [text];
const escaped = (value: string): string => value.replace(/[<&'](?!\w+;)/g, (c) => `&#${c.charCodeAt(0)};`);

function value(random: Random): string {
  const plain = random.of(random.below(2) === 0 ? odd : words);
  return random.below(6) === 0 ? plain : escaped(plain);
}

/** Changes one token of a kind, if there is one. */
function tokenChange(kind: RegExp, change: (random: Random, token: string, all: string[]) => string): Change {
  return (random, text) => {
    const tokens = piecesOf(text);
    const places = tokens.flatMap((token, index) => (kind.test(token) ? [index] : []));
    if (places.length === 0) return text;
    const at = random.of(places);
    tokens[at] = change(random, tokens[at] ?? '', tokens);
    return tokens.join('');
  };
}

const attributePattern = /\s([^\s=/>]+)\s*=\s*("[^"]*"|'[^']*')/g;

/** Changes one attribute of a tag. */
function attributeChange(change: (random: Random, name: string, quoted: string) => string): Change {
  return tokenChange(/^<[^!?/][^>]*=/, (random, token) => {
    const found = [...token.matchAll(attributePattern)];
    if (found.length === 0) return token;
    const [whole, name = '', quoted = ''] = random.of(found);
    return token.replace(whole, () => change(random, name, quoted));
  });
}

const tokens: readonly Change[] = [
  attributeChange((random, name) => ` ${name}='${value(random)}'`),
  attributeChange((random, name) => ` ${name}='${value(random)}'`),
  attributeChange((random, _, quoted) => ` ${random.of(attributes)}=${quoted}`),
  attributeChange((random, name, quoted) => ` ${name}=${quoted} ${random.of(attributes)}='${value(random)}'`),
  attributeChange(() => ''),
  attributeChange((_, name, quoted) => ` ${name.slice(1)}${name.slice(0, 1)}=${quoted}`),
  tokenChange(/^[^<]/, value),
  tokenChange(/^[^<]*\S/, value),
  tokenChange(/^[^<]*\S/, (random, token) => random.of(hostile) + token),
  tokenChange(/./s, () => ''),
  tokenChange(/./s, (random, token, all) => token + random.of(all)),
  tokenChange(/./s, (random, token) => (random.below(2) === 0 ? '' : token) + random.of(hostile)),
  tokenChange(/^<[^!?/]/, (random, token) => token.replace(/^<[^\s/>]+/, () => `<${random.of(elements)}`)),
  tokenChange(/^<[^!?/]/, (random, token) => {
    const many = Array.from({ length: 1 + random.below(700) }, (_, n) => ` a${n}='${n}'`);
    return token.replace(/\/?>$/, (end) => many.join('') + end);
  }),
];

/** The tokens of one whole element, start and end included; undefined when it has no end. */
function elementAt(all: readonly string[], start: number): { start: number; end: number } | undefined {
  let depth = 0;
  for (let at = start; at < all.length; at++) {
    const token = all[at] ?? '';
    if (/^<[^!?/]/.test(token) && !token.endsWith('/>')) depth++;
    else if (token.startsWith('</')) depth--;
    if (depth <= 0) return { start, end: at + 1 };
  }
  return undefined;
}

function anyElement(random: Random, all: readonly string[]): { start: number; end: number } | undefined {
  const starts = all.flatMap((token, index) => (/^<[^!?/]/.test(token) ? [index] : []));
  return starts.length === 0 ? undefined : elementAt(all, random.of(starts));
}

/** Replaces one whole element by what is made of it. */
function elementChange(change: (random: Random, element: string, text: string) => string): Change {
  return (random, text) => {
    const all = piecesOf(text);
    const place = anyElement(random, all);
    if (place === undefined) return text;
    const whole = all.slice(place.start, place.end).join('');
    all.splice(place.start, place.end - place.start, change(random, whole, text));
    return all.join('');
  };
}

const pieceOf: Change = (random, text) => {
  const all = piecesOf(text);
  const place = anyElement(random, all);
  return place === undefined ? '' : all.slice(place.start, place.end).join('');
};

const structure: readonly Change[] = [
  elementChange(() => ''),
  elementChange((_, element) => element + element),
  elementChange((random, element) => element.repeat(1 + random.below(60))),
  elementChange((random, element, text) => element + pieceOf(random, text, text)),
  elementChange((random, element, text) => pieceOf(random, text, text) + element),
  elementChange((random, _, text) => pieceOf(random, text, text)),
  elementChange((random, element) => {
    const name = random.of(elements);
    const depth = 1 + random.below(random.below(10) === 0 ? 5000 : 80);
    return `<${name}>`.repeat(depth) + element + `</${name}>`.repeat(depth);
  }),
  elementChange((random, element) => {
    const name = random.of(elements);
    return element.replace(/^<[^\s/>]+/, () => `<${name}`).replace(/<\/[^>]+>$/, () => `</${name}>`);
  }),
  elementChange((random, element) => {
    const name = 'n'.repeat(random.below(9000));
    return element
      .replace(/^<[^\s/>]+/, (start) => start + name)
      .replace(/<\/[^>]+(?=>$)/, (end) => end + name);
  }),
  elementChange((random, element) => element.repeat(1 + random.below(Math.ceil(60_000 / element.length)))),
  elementChange((random, element) => {
    const pad = random.of(['\n', ' ', '\t', '<!-- c -->', '<?p i?>', 'stray']);
    return pad.repeat(1 + random.below(300)) + element + pad;
  }),
  (random, text, other) => {
    const piece = pieceOf(random, other, text);
    return elementChange((_, element) => element + piece)(random, text, other);
  },
  (random, text) => (random.below(2) === 0 ? text.replaceAll("'", '"') : text.replaceAll('\n', '\r\n')),
];

/** One change of any kind; `other` is a document to take pieces from. */
export function mutate(random: Random, text: string, other: string): string {
  const kind = random.below(10);
  return random.of(kind < 2 ? bytes : kind < 6 ? tokens : structure)(random, text, other);
}
