// From text to a model and its findings: the tree is read, its root chosen, and what stands around it kept.
// SPDX-License-Identifier: Apache-2.0
import type { Finding } from '../finding.js';
import { defaultLimits, type Limits, type Tree } from '../read/node.js';
import { LineIndex, writtenName } from '../read/place.js';
import { readTree, Unreadable } from '../read/tree.js';
import { epilogAnchor, prologAnchor } from '../schema/anchors.js';
import { compile, namesOf } from '../schema/compile.js';
import type { AnyElement } from '../schema/declaration.js';
import type { Infer } from '../schema/infer.js';
import type { Extra, Model } from '../schema/model.js';
import { contextOf } from './element.js';
import { type FindingOptions, Findings, suggest } from './findings.js';

/** How a document is read; of `limits` those left out are `defaultLimits`. */
export interface ParseOptions extends FindingOptions {
  readonly limits?: Partial<Limits>;
}

/** Reads a document whose root is one of the elements; the model is absent when there is an error. */
export function parseElement<E extends AnyElement>(
  elements: readonly E[],
  text: string,
  options: ParseOptions = {},
): { model?: Infer<E>; element?: E; findings: Finding[] } {
  let tree: Tree;
  try {
    tree = readTree(text, { ...defaultLimits, ...options.limits });
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    return { findings: [unreadable(error, text, options.file)] };
  }
  const { root } = tree;
  const findings = new Findings(text, options);
  const element = elements.find((one) => namesOf(one).includes(root.name));
  if (element === undefined) {
    const names = elements.flatMap(namesOf);
    const found = writtenName(text, root);
    const expected = names.map((name) => `<${name}>`).join(', ');
    const details = { found, expected, ...suggest(root.name, names) };
    findings.fault('error', 'wrong-root', root, undefined, `the document is a <${found}>`, details);
    return { findings: findings.placed() };
  }
  const model = contextOf(text, findings, options.foreign === true).convert(root, compile(element));
  const placed = findings.placed();
  if (model === undefined || placed.some(({ severity }) => severity === 'error')) return { findings: placed };
  const outside: Extra[] = [
    ...tree.prolog.map((xml) => ({ xml, before: prologAnchor })),
    ...tree.epilog.map((xml) => ({ xml, before: epilogAnchor })),
  ];
  const whole: Model =
    outside.length === 0 ? model : { ...model, extras: [...(model.extras ?? []), ...outside] };
  // Made by the element's own tables.
  return { model: whole as Infer<E>, element, findings: placed };
}

function unreadable(error: Unreadable, text: string, file: string | undefined): Finding {
  const { code, message, offset } = error;
  const place = new LineIndex(text).place(offset);
  return { severity: 'error', code, message, path: '/', ...place, ...(file === undefined ? {} : { file }) };
}
