// One element of a tree to its model, by its tables: the order in which its parts are read and checked.
// SPDX-License-Identifier: Apache-2.0
import type { FindingCode } from '../finding.js';
import type { Node } from '../read/node.js';
import { shortened, writtenName } from '../read/place.js';
import type { CompiledElement, Shape } from '../schema/compile.js';
import type { Extra, Model, ModelDraft } from '../schema/model.js';
import type { FaultDetails, ModelPath, Report } from '../schema/report.js';
import { readAttributes } from './attributes.js';
import { readChildren } from './children.js';
import type { Context } from './context.js';
import { type Findings, hint } from './findings.js';
import { rewriteLegacy } from './legacy.js';
import { locate } from './locate.js';
import { fill } from './missing.js';
import { readScalar } from './values.js';

/** The context of one document's conversion. */
export function contextOf(text: string, findings: Findings, isForeign: boolean): Context {
  const context: Context = {
    text,
    findings,
    isForeign,
    convert: (node, compiled) => convert(context, node, compiled),
  };
  return context;
}

function convert(context: Context, node: Node, compiled: CompiledElement): Model | undefined {
  const { findings } = context;
  const mark = findings.mark();
  if (compiled.legacy !== undefined && node.children !== undefined)
    rewriteLegacy(context, node, compiled.legacy);
  const model: ModelDraft = {};
  const shape = compiled.shape ?? chosenShape(context, node, compiled, model);
  if (shape === undefined) return undefined;
  const extras: Extra[] = [];
  readAttributes(context, node, shape, model, extras);
  if (node.children !== undefined) readChildren(context, node, shape, model, extras);
  if (shape.text !== undefined) {
    const value = readScalar(context, shape.text.field.scalar, node.text, node, undefined);
    if (value !== undefined) model[shape.text.key] = value;
  }
  for (const entry of shape.mandatory)
    if (model[entry.key] === undefined) fill(context, node, shape, entry, model);
  if (extras.length > 0) model.extras = extras;
  if (findings.isSpoilt(mark)) return undefined;
  const completed = shape.complete === undefined ? model : shape.complete(model);
  shape.check?.(completed, reporter(findings, node, compiled));
  return completed;
}

/** The shape of the variant that an attribute names, which the model gets as well. */
function chosenShape(
  context: Context,
  node: Node,
  { choice }: CompiledElement,
  model: ModelDraft,
): Shape | undefined {
  if (choice === undefined) return undefined;
  const given = choice.isName ? node.name : node.attributes[choice.attribute];
  const variant = given ?? choice.fallback;
  const shape = variant === undefined ? undefined : choice.shapes[variant];
  if (shape === undefined) reportChoice(context, node, choice.attribute, given, Object.keys(choice.shapes));
  else model[choice.attribute] = variant;
  return shape;
}

function reportChoice(
  { findings, text }: Context,
  node: Node,
  attribute: string,
  given: string | undefined,
  known: readonly string[],
): void {
  const name = writtenName(text, node);
  const expected = `one of ${known.map((word) => `'${word}'`).join(', ')}`;
  if (given === undefined) {
    const message = `<${name}> needs the attribute '${attribute}'`;
    findings.invalid('missing-attribute', node, undefined, message, { expected });
  } else {
    const found = shortened(given);
    const details = { found, expected, ...findings.suggest(given, known) };
    const message = `unknown ${name} ${attribute} '${found}'${hint(details)}`;
    findings.invalid('unknown-type', node, attribute, message, details);
  }
}

function reporter(findings: Findings, node: Node, compiled: CompiledElement): Report {
  const report = (severity: 'error' | 'warning') => {
    return (code: FindingCode, path: ModelPath, message: string, details: FaultDetails = {}): void => {
      if (severity === 'error' && findings.wrong === 'error') findings.spoil();
      if (findings.isFull(severity)) return;
      const place = locate(node, compiled, path);
      const told = severity === 'error' ? findings.wrong : 'warning';
      findings.fault(told, code, place.node, place.attribute, message, details);
    };
  };
  const error = report('error');
  const warning = report('warning');
  const letIn: Report['refuse'] = (_, path, message, details) =>
    warning('no-longer-accepted', path, message, details);
  return { error, warning, refuse: findings.isStored ? letIn : error };
}
