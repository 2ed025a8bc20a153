// The one gate through which errors leave the engine: what Node says of the host in errnos becomes the engine's own error.
// SPDX-License-Identifier: Apache-2.0
import { EngineError } from './errors.js';
import { refusalOf } from './host/refusal.js';
import { engineError } from './template-catalog.js';
import { TemplateError } from './templates/archive/errors.js';

/**
 * The same object, its methods and those of its parts failing only with errors that a person can act on.
 * `folder` is where an error that names no file happened. Programming faults pass as they are.
 */
export function explained<T extends object>(target: T, folder: string): T {
  return new Proxy(target, {
    get: (object, key) => {
      const value: unknown = Reflect.get(object, key);
      if (typeof value === 'function') return gate(value.bind(object), folder);
      return typeof value === 'object' && value !== null ? explained(value, folder) : value;
    },
  });
}

function gate(operation: (...values: unknown[]) => unknown, folder: string) {
  return (...values: unknown[]): unknown => {
    try {
      const result = operation(...values);
      if (!(result instanceof Promise)) return result;
      return result.catch((error: unknown) => {
        throw explain(error, folder);
      });
    } catch (error) {
      throw explain(error, folder);
    }
  };
}

/** An error with an errno in the engine's words; every other as it is. */
export function explain(error: unknown, folder: string): unknown {
  if (error instanceof EngineError || !(error instanceof Error)) return error;
  if (error instanceof TemplateError) return engineError(error);
  // `await using` wraps the failure of an undo around what it was undone for, which is what matters.
  if ('suppressed' in error && error.suppressed !== undefined) return explain(error.suppressed, folder);
  const { code, syscall, path, dest } = error as NodeJS.ErrnoException & { readonly dest?: unknown };
  if (typeof code !== 'string') return error;
  const where = [path, dest].filter((one) => typeof one === 'string').join(' to ') || `a file in ${folder}`;
  return refusalOf(code, `cannot ${syscall ?? 'use'} ${where}`, { path }, { cause: error }) ?? error;
}
