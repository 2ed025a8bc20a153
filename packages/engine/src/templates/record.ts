// What is known of an imported template, and its form on disk (template.json).
// SPDX-License-Identifier: Apache-2.0
import { refuse, TemplateError } from './archive/errors.js';
import type { ImageDefaults } from './image/defaults.js';
import { Fields } from './image/json.js';
import type { TemplateName } from './template-name.js';

/** Distributions whose archives mmdebstrap reads. */
export type Debianlike = 'debian' | 'ubuntu' | 'devuan';

/** What a template was built of. */
export interface Recipe {
  distribution: Debianlike | 'busybox';
  suite?: string;
  include?: readonly string[];
  mirror?: string;
}

/** A template as the store lists it. */
export interface Template {
  name: TemplateName;
  /** `sha256:` and 64 hex digits, over the archive's bytes as they were read. */
  digest: string;
  /** Of its tree, once somebody asked: by this it is known whatever archive it came in. */
  tree?: string;
  /** Length of the archive as it was read. */
  sizeBytes: number;
  /** Sum of the file lengths in the unpacked tree. */
  unpackedBytes: number;
  /** Files, folders and links in the unpacked tree. */
  inodes: number;
  /** ISO 8601, UTC. */
  importedAt: string;
  /** Where the archive came from, for people. */
  source: string;
  /** Machine in libvirt's words, read from the template's own programs. */
  arch?: string;
  /** Kind of init found: see `INITS`. */
  init?: string;
  /** The system's own name of itself. */
  os?: string;
  /** Of a template made of an image. */
  image?: ImageDefaults;
  /** Of a template that was built: of what, so that it can be built again. */
  recipe?: Recipe;
  /** Of a template made of one of several images: which. */
  reference?: string;
  /** What was left out at import, one sentence each. */
  notes: readonly string[];
}

function parseImage(image: Fields): ImageDefaults {
  return {
    command: image.texts('command'),
    environment: image
      .objects('environment')
      .map((variable) => ({ name: variable.text('name'), value: variable.text('value') })),
    ...(image.has('folder') && { folder: image.text('folder') }),
    ...(image.has('user') && { user: image.size('user') }),
    ...(image.has('group') && { group: image.size('group') }),
    volumes: image.texts('volumes'),
    ports: image.texts('ports'),
    ...(image.has('stopSignal') && { stopSignal: image.text('stopSignal') }),
  };
}

function parseRecipe(recipe: Fields): Recipe {
  const name = recipe.text('distribution');
  const distribution = (['debian', 'ubuntu', 'devuan', 'busybox'] as const).find((one) => one === name);
  if (distribution === undefined) throw refuse('format', `${JSON.stringify(name)} is no distribution`);
  return {
    distribution,
    ...(recipe.has('suite') && { suite: recipe.text('suite') }),
    ...(recipe.has('include') && { include: recipe.texts('include') }),
    ...(recipe.has('mirror') && { mirror: recipe.text('mirror') }),
  };
}

const FORMAT = 1;

/** The text of template.json. */
export function formatRecord(template: Template): string {
  return `${JSON.stringify({ format: FORMAT, ...template }, undefined, 2)}\n`;
}

/** Parses template.json of the template `name`; throws `internal` when it is damaged. */
export function parseRecord(name: TemplateName, text: string): Template {
  const damaged = (what: string, cause?: unknown) =>
    new TemplateError(
      'internal',
      `the record of template ${name} is damaged (${what}): remove and import it again`,
      {},
      cause,
    );
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw damaged('not JSON', cause);
  }
  if (typeof value !== 'object' || value === null) throw damaged('not an object');
  const fields = new Map<string, unknown>(Object.entries(value));
  if (fields.get('format') !== FORMAT) throw damaged(`format ${String(fields.get('format'))} is not known`);
  const string = (key: string): string => {
    const field = fields.get(key);
    if (typeof field !== 'string') throw damaged(`${key} is not a string`);
    return field;
  };
  const count = (key: string): number => {
    const field = fields.get(key);
    if (typeof field !== 'number' || !Number.isSafeInteger(field) || field < 0)
      throw damaged(`${key} is no count`);
    return field;
  };
  const notes = fields.get('notes');
  if (!Array.isArray(notes)) throw damaged('notes is not a list');
  const template: Template = {
    // That of its folder, which is all that a rename changes.
    name,
    digest: string('digest'),
    sizeBytes: count('sizeBytes'),
    unpackedBytes: count('unpackedBytes'),
    inodes: count('inodes'),
    importedAt: string('importedAt'),
    source: string('source'),
    notes: notes.map(String),
  };
  if (fields.has('tree')) template.tree = string('tree');
  if (fields.has('reference')) template.reference = string('reference');
  try {
    if (fields.has('image')) template.image = parseImage(new Fields(fields.get('image'), 'image'));
    if (fields.has('recipe')) template.recipe = parseRecipe(new Fields(fields.get('recipe'), 'recipe'));
  } catch (cause) {
    throw damaged('what it was made of', cause);
  }
  if (fields.has('arch')) template.arch = string('arch');
  if (fields.has('init')) template.init = string('init');
  if (fields.has('os')) template.os = string('os');
  return template;
}
