// zonecfg's command language read to properties and resources.
// SPDX-License-Identifier: Apache-2.0

/** A value as written: one word, a list of them, or `(name=value,…)` groups. */
export type ZoneValue =
  /** `raw` is how it was written, where tokens in it were replaced. */
  | { readonly kind: 'simple'; readonly text: string; readonly raw?: string }
  | { readonly kind: 'list'; readonly items: readonly ZoneValue[] }
  | { readonly kind: 'group'; readonly fields: ReadonlyMap<string, string> };

/** A property of the zone or of one of its resources, set or added. */
export interface ZoneProperty {
  readonly name: string;
  readonly value: ZoneValue;
  readonly line: number;
  /** By `add`, as properties are that may have several values. */
  readonly isAdded: boolean;
}

/** A resource such as `fs` or `net`, from its `add` to its `end`. */
export interface ZoneResource {
  readonly type: string;
  readonly line: number;
  /** In order; a list property has one entry for each value added. */
  readonly properties: readonly ZoneProperty[];
}

/** A zone after all its commands: what they removed or cleared is not in it. */
export interface ZoneConfig {
  readonly globals: readonly ZoneProperty[];
  readonly resources: readonly ZoneResource[];
  /** Lines that could not be used, and why. */
  readonly faults: readonly { readonly line: number; readonly text: string; readonly why: string }[];
}

interface Token {
  readonly text: string;
  readonly quoted: boolean;
  readonly mark: boolean;
}

interface Command {
  readonly line: number;
  readonly source: string;
  readonly tokens: readonly Token[];
}

const marks = new Set(['=', '[', ']', '(', ')', ',']);
const maxCommands = 10_000;
/** `[(name=value)]` is as deep as the language goes. */
const maxDepth = 3;

/** Splits text into commands: a newline or `;` ends one, except inside quotes or brackets. */
function commandsOf(text: string): Command[] {
  const commands: Command[] = [];
  let tokens: Token[] = [];
  let line = 1;
  let begun = 0;
  let depth = 0;
  let from = 0;
  const finish = (end: number): void => {
    if (tokens.length > 0) commands.push({ line: begun, source: text.slice(from, end).trim(), tokens });
    tokens = [];
    depth = 0;
  };
  const push = (token: Token, at: number): void => {
    if (tokens.length === 0) {
      begun = line;
      from = at;
    }
    tokens.push(token);
  };
  for (let at = 0; at < text.length && commands.length < maxCommands; ) {
    const character = text[at] ?? '';
    if (character === '\n' || character === ';') {
      // A bracket left open ends with its line all the same, so that one bad line spoils no other.
      if (character === '\n' || depth === 0) finish(at);
      if (character === '\n') line++;
      at++;
    } else if (/\s/.test(character)) at++;
    else if (character === '#' && tokens.length === 0) at = endOf(text, '\n', at);
    else if (character === '"') {
      const close = text.indexOf('"', at + 1);
      const newline = endOf(text, '\n', at);
      const end = close < 0 || close > newline ? newline : close;
      push({ text: text.slice(at + 1, end), quoted: true, mark: false }, at);
      at = end === close ? end + 1 : end;
    } else if (marks.has(character)) {
      depth += character === '[' || character === '(' ? 1 : character === ']' || character === ')' ? -1 : 0;
      push({ text: character, quoted: false, mark: true }, at);
      at++;
    } else {
      let end = at;
      while (end < text.length && !/[\s;="[\]()]/.test(text[end] ?? '') && !(depth > 0 && text[end] === ','))
        end++;
      push({ text: text.slice(at, end), quoted: false, mark: false }, at);
      at = end;
    }
  }
  finish(text.length);
  return commands;
}

const endOf = (text: string, mark: string, from: number): number => {
  const at = text.indexOf(mark, from);
  return at < 0 ? text.length : at;
};

interface OpenResource {
  readonly type: string;
  readonly line: number;
  properties: ZoneProperty[];
  /** Where it stands among the resources already there, when `select` opened it again. */
  readonly index: number | undefined;
}

class Interpreter {
  globals: ZoneProperty[] = [];
  readonly resources: ZoneResource[] = [];
  readonly faults: { line: number; text: string; why: string }[] = [];
  scope: OpenResource | undefined;

  run(command: Command): void {
    const [verb, ...rest] = command.tokens;
    if (verb === undefined) return;
    const action = Object.hasOwn(verbs, verb.text) ? verbs[verb.text] : undefined;
    if (action === undefined) this.fault(command, `${verb.text} is no command of zonecfg`);
    else action(this, rest, command);
  }
  fault({ line, source }: Command, why: string): void {
    this.faults.push({ line, text: source.slice(0, 80), why });
  }
  put(property: ZoneProperty, replace: boolean): void {
    const list = this.scope?.properties ?? this.globals;
    const known = replace ? list.findIndex(({ name }) => name === property.name) : -1;
    if (known < 0) list.push(property);
    else list[known] = property;
  }
  commit(): void {
    if (!this.scope) return;
    const { type, line, properties, index } = this.scope;
    if (index === undefined) this.resources.push({ type, line, properties });
    else this.resources[index] = { type, line, properties };
    this.scope = undefined;
  }
}

type Action = (zone: Interpreter, tokens: readonly Token[], command: Command) => void;
const nothing: Action = () => {};

const set: Action = (zone, tokens, command) => {
  const [name, equals, ...rest] = tokens;
  if (name === undefined || equals?.text !== '=' || rest.length === 0)
    return zone.fault(command, 'is not "set PROPERTY=VALUE"');
  const value = readValue(rest) ?? restOfLine(command);
  zone.put({ name: name.text, value, line: command.line, isAdded: false }, true);
};

/** `add options size=1g`, as people write it, where the export would quote. */
function restAfter({ source }: Command, word: string): ZoneValue {
  return { kind: 'simple', text: source.slice(source.indexOf(word) + word.length).trim() };
}

/** Old releases export bootargs and limitpriv unquoted, blanks, commas and `=` and all. */
function restOfLine({ source }: Command): ZoneValue {
  return { kind: 'simple', text: source.slice(source.indexOf('=') + 1).trim() };
}

const add: Action = (zone, tokens, command) => {
  const [name, ...rest] = tokens;
  if (name === undefined) return zone.fault(command, 'is not "add RESOURCE" or "add PROPERTY VALUE"');
  if (rest.length === 0) {
    if (zone.scope) {
      zone.fault(command, `the ${zone.scope.type} of line ${zone.scope.line} was not ended`);
      zone.commit();
    }
    zone.scope = { type: name.text, line: command.line, properties: [], index: undefined };
    return;
  }
  if (zone.scope === undefined) return zone.fault(command, 'adds to a property, and no resource is open');
  const value = readValue(rest[0]?.text === '=' ? rest.slice(1) : rest) ?? restAfter(command, name.text);
  for (const item of value.kind === 'list' ? value.items : [value])
    zone.put({ name: name.text, value: item, line: command.line, isAdded: true }, false);
};

const select: Action = (zone, tokens, command) => {
  const [type, ...rest] = tokens;
  const wanted = pairsOf(rest);
  const index = zone.resources.findIndex(
    (resource) =>
      resource.type === type?.text &&
      [...wanted].every(([name, text]) =>
        resource.properties.some(
          (p) => p.name === name && p.value.kind === 'simple' && p.value.text === text,
        ),
      ),
  );
  const found = zone.resources[index];
  if (found === undefined) return zone.fault(command, 'selects nothing that was added before');
  zone.commit();
  zone.scope = { type: found.type, line: found.line, properties: [...found.properties], index };
};

const remove: Action = (zone, tokens, command) => {
  const [name, ...rest] = tokens.filter(({ text }) => !/^-[a-zA-Z]$/.test(text));
  if (name === undefined) return zone.fault(command, 'names nothing to remove');
  if (zone.scope) {
    zone.scope.properties = zone.scope.properties.filter((property) => property.name !== name.text);
    return;
  }
  const wanted = pairsOf(rest);
  const matches = (resource: ZoneResource): boolean =>
    resource.type === name.text &&
    [...wanted].every(([key, text]) =>
      resource.properties.some((p) => p.name === key && p.value.kind === 'simple' && p.value.text === text),
    );
  const kept = zone.resources.filter((resource) => !matches(resource));
  if (kept.length === zone.resources.length) clear(zone, tokens, command);
  zone.resources.splice(0, zone.resources.length, ...kept);
};

const clear: Action = (zone, tokens) => {
  const name = tokens[0]?.text;
  if (zone.scope) zone.scope.properties = zone.scope.properties.filter((property) => property.name !== name);
  else zone.globals = zone.globals.filter((property) => property.name !== name);
};

const verbs: Readonly<Record<string, Action>> = {
  set,
  add,
  select,
  remove,
  clear,
  end: (zone, _, command) => (zone.scope ? zone.commit() : zone.fault(command, 'ends no resource')),
  cancel: (zone) => {
    zone.scope = undefined;
  },
  create: nothing,
  verify: nothing,
  commit: nothing,
  exit: nothing,
  revert: nothing,
  delete: nothing,
  info: nothing,
  help: nothing,
  export: nothing,
};

function pairsOf(tokens: readonly Token[]): Map<string, string> {
  const pairs = new Map<string, string>();
  tokens.forEach((token, index) => {
    const [name, value] = [tokens[index - 1], tokens[index + 1]];
    if (token.text === '=' && token.mark && name && value) pairs.set(name.text, value.text);
  });
  return pairs;
}

/** One value from all of the tokens, or undefined when they are not exactly one. */
function readValue(tokens: readonly Token[], depth = 0): ZoneValue | undefined {
  const [first] = tokens;
  if (first === undefined || depth > maxDepth) return undefined;
  if (tokens.length === 1) return first.mark ? undefined : { kind: 'simple', text: first.text };
  const last = tokens.at(-1);
  if (first.mark && first.text === '[' && last?.text === ']') {
    const items = splitTop(tokens.slice(1, -1)).map((part) => readValue(part, depth + 1));
    return items.some((item) => item === undefined)
      ? undefined
      : { kind: 'list', items: items.filter((item) => item !== undefined) };
  }
  if (first.mark && first.text === '(' && last?.text === ')') {
    const fields = new Map<string, string>();
    for (const part of splitTop(tokens.slice(1, -1))) {
      const [name, equals, value] = part;
      if (!name || equals?.text !== '=' || !value || part.length !== 3) return undefined;
      fields.set(name.text, value.text);
    }
    return { kind: 'group', fields };
  }
  return undefined;
}

/** Parts between commas outside of any bracket. */
function splitTop(tokens: readonly Token[]): Token[][] {
  const parts: Token[][] = [[]];
  let depth = 0;
  for (const token of tokens) {
    if (token.mark && (token.text === '(' || token.text === '[')) depth++;
    if (token.mark && (token.text === ')' || token.text === ']')) depth--;
    if (token.mark && token.text === ',' && depth === 0) parts.push([]);
    else parts.at(-1)?.push(token);
  }
  return parts.filter((part) => part.length > 0);
}

/** Reads a command file as `zonecfg export` writes it or a person would; never fails: see `faults`. */
export function parseZonecfg(text: string): ZoneConfig {
  const zone = new Interpreter();
  for (const command of commandsOf(text)) zone.run(command);
  if (zone.scope) {
    zone.faults.push({ line: zone.scope.line, text: `add ${zone.scope.type}`, why: 'is not ended' });
    zone.commit();
  }
  const { globals, resources, faults } = zone;
  return { globals, resources, faults };
}
