// Requests checked against the contract's schemas, query texts converted to what their schema says.
// SPDX-License-Identifier: Apache-2.0
import { compileCheck, type Route, type TSchema } from '@ctvirt/api';
import { EngineError } from '@ctvirt/engine';

/** Returns the value if the contract admits it; throws EngineError `invalid` that names the place. */
export type Admit = (value: unknown) => unknown;

/** A check by that schema, compiled once; `what` is how a refusal names the value. */
export function admitBody(schema: TSchema, what = 'body'): Admit {
  const check = compileCheck(schema);
  return (value) => {
    const fault = check(value);
    if (fault !== undefined) throw new EngineError('invalid', `${what}: ${fault}`);
    return value;
  };
}

/** Checks a query string's members; unknown ones are refused, since a misspelt option must not pass silently. */
export function admitQuery(query: NonNullable<Route['query']>): Admit {
  const members = new Map(
    Object.entries(query).map(([name, schema]) => [
      name,
      { schema, admit: admitBody(schema, `query: ${name}`) },
    ]),
  );
  return (value) => {
    const result: Record<string, unknown> = {};
    for (const [name, text] of Object.entries(value ?? {})) {
      const member = members.get(name);
      if (member === undefined) throw new EngineError('invalid', `query: ${name}: unknown parameter`);
      result[name] = member.admit(convert(member.schema, text));
    }
    return result;
  };
}

/** A text as its schema's type, or as it came where it is none: the check then says so. */
function convert(schema: TSchema, text: unknown): unknown {
  const type = 'type' in schema ? schema.type : undefined;
  if (type === 'boolean' && (text === 'true' || text === 'false')) return text === 'true';
  if (type === 'integer' && typeof text === 'string' && /^-?\d{1,16}$/.test(text)) return Number(text);
  return text;
}
