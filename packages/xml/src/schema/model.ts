// Models as code sees them that goes by an element's tables, whatever element that is.
// SPDX-License-Identifier: Apache-2.0

/** What the schema does not know, kept where it stood. */
export interface Extra {
  /** An attribute of this element, or of its child `of`. */
  readonly attribute?: string | undefined;
  readonly value?: string | undefined;
  /** How the value is quoted; an apostrophe unless somebody else's XML is shown as libxml2 prints it. */
  readonly quote?: '"' | undefined;
  /** An element, comment, processing instruction or stray text, as XML. */
  readonly xml?: string | undefined;
  /** Key of the known child it stood before; it stood last when absent. */
  readonly before?: string | undefined;
  /** Key of the known child, one that is a plain value, inside which it stood. */
  readonly of?: string | undefined;
  /** Which one, where that child is a list. */
  readonly index?: number | undefined;
}

/** Every model object may carry what its element held besides. Copy it along (spreading does). */
export interface Preserved {
  readonly extras?: readonly Extra[] | undefined;
}

/** A model of any element: the values of its fields by their keys, each of the type that its field has. */
export interface Model extends Preserved {
  readonly [key: string]: unknown;
}

/** A model in the making, of an element that is being read. */
export interface ModelDraft {
  [key: string]: unknown;
  extras?: readonly Extra[];
}

/** What a field of a child element holds; throws `TypeError` for what is no object. */
export function modelOf(value: unknown): Model {
  if (!isModel(value)) throw new TypeError(`expected a model, found ${typeof value}`);
  return value;
}

/** What a field holds that stands any number of times; throws `TypeError` for what is no array. */
export function listOf(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new TypeError(`expected an array, found ${typeof value}`);
  return value;
}

/** The pieces of XML that an open field holds, none where it is absent; throws `TypeError` for anything but texts. */
export function piecesOf(value: unknown): readonly string[] {
  if (value === undefined) return [];
  return listOf(value).map((piece) => {
    if (typeof piece !== 'string') throw new TypeError(`expected XML as text, found ${typeof piece}`);
    return piece;
  });
}

function isModel(value: unknown): value is Model {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const { extras }: { readonly extras?: unknown } = value;
  return extras === undefined || Array.isArray(extras);
}
