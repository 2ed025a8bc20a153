// What follows from an object that never changes, worked out once.
// SPDX-License-Identifier: Apache-2.0

/** `work`, which answers for the same object and the same context what it answered before. */
export function remembered<K extends object, C, V>(
  work: (object: K, context: C) => V,
): (object: K, context: C) => V {
  const known = new WeakMap<K, { readonly context: C; readonly value: V }>();
  return (object, context) => {
    const found = known.get(object);
    if (found !== undefined && found.context === context) return found.value;
    const value = work(object, context);
    known.set(object, { context, value });
    return value;
  };
}
