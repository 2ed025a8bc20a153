// What programs say in JSON, taken apart by names that may be missing.
// SPDX-License-Identifier: Apache-2.0

/** The member of an object; undefined of everything else. */
export const member = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null && key in value ? Reflect.get(value, key) : undefined;

/** A text, or an empty one. */
export function textOf(value: unknown, key: string): string {
  const found = member(value, key);
  return typeof found === 'string' ? found : '';
}

/** A number, or 0. */
export function numberOf(value: unknown, key: string): number {
  const found = member(value, key);
  return typeof found === 'number' ? found : 0;
}

/** A list, or an empty one. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** A line of JSON; undefined where it is something else. */
export function lineOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
