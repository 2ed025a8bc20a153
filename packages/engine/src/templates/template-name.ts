// The name of a template, safe as one path component once parsed.
// SPDX-License-Identifier: Apache-2.0
import { refuse } from './archive/errors.js';

declare const brand: unique symbol;

/** A string that `parseTemplateName` accepted: usable as one file name, never hidden, never `..`. */
export type TemplateName = string & { readonly [brand]: 'TemplateName' };

const pattern = /^[A-Za-z0-9][A-Za-z0-9._+-]{0,63}$/;

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
