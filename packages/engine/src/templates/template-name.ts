// The name of a template, safe as one path component once parsed.
// SPDX-License-Identifier: Apache-2.0
import { refuse } from './archive/errors.js';

declare const brand: unique symbol;

/** A string that `parseTemplateName` accepted: usable as one file name, never hidden, never `..`. */
export type TemplateName = string & { readonly [brand]: 'TemplateName' };

const pattern = /^[A-Za-z0-9][A-Za-z0-9._+-]{0,63}(~[1-9]\d{0,8})?$/;

/** What is before the number of one that was replaced while domains stood on it: `debian` of `debian~2`; undefined of any other. */
export const replacedName = (name: string): string | undefined => /^(.+)~\d+$/.exec(name)?.[1];

function isTemplateName(text: string): text is TemplateName {
  return pattern.test(text);
}

/** Parses a template name; throws `invalid` with reason `name`. */
export function parseTemplateName(text: string): TemplateName {
  if (isTemplateName(text)) return text;
  throw refuse(
    'name',
    `template name ${JSON.stringify(text.slice(0, 80))} is not usable: ` +
      'take 1 to 64 letters, digits and . _ + -, beginning with a letter or a digit',
  );
}

/** The same of one that is to be made. */
export function parseNewName(text: string): TemplateName {
  const name = parseTemplateName(text);
  const current = replacedName(name);
  if (current === undefined) return name;
  throw refuse('name', `${name} is what an earlier ${current} is called, and no name for a new template`);
}

/** What one is called that is replaced next: a number is used again only where the highest one was removed. */
export function nextReplaced(names: readonly string[], name: TemplateName): TemplateName {
  const numbers = names
    .filter((other) => replacedName(other) === name)
    .map((other) => Number(other.slice(name.length + 1)));
  return parseTemplateName(`${name}~${Math.max(0, ...numbers) + 1}`);
}
