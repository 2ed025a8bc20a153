// Reading and writing a single device, as hot plug hands it over.
// SPDX-License-Identifier: Apache-2.0

import { type ParseOptions, parseElement } from './convert/parse.js';
import { consoleDevice } from './domain/console.js';
import { controller } from './domain/controller.js';
import { disk } from './domain/disk.js';
import { filesystem } from './domain/filesystem.js';
import { hostdev } from './domain/hostdev.js';
import { netInterface } from './domain/interface.js';
import { formatElement } from './emit/format.js';
import type { Finding } from './finding.js';
import type { Infer } from './schema/infer.js';

const kinds = {
  filesystem,
  interface: netInterface,
  console: consoleDevice,
  disk,
  controller,
  hostdev,
} as const;

/** The elements that `parseDevice` reads: what can be plugged in and out by itself. */
export type DeviceKind = keyof typeof kinds;

/** A device with its kind, which is its element's name. */
export type Device<K extends DeviceKind = DeviceKind> = {
  [Each in K]: { readonly kind: Each; readonly model: Infer<(typeof kinds)[Each]> };
}[K];

/**
 * Reads one device element, as attach and detach take it; which kind it is, its root element tells.
 *
 * @returns `{ kind, model }` unless there is an error, and all findings; relations to other devices are not checked
 */
export function parseDevice(
  text: string,
  options: ParseOptions = {},
): { readonly device?: Device; readonly findings: readonly Finding[] } {
  const { model, element, findings } = parseElement(Object.values(kinds), text, options);
  if (model === undefined || element === undefined) return { findings };
  // The kind and the model come from the same element.
  return { device: { kind: element.name, model } as Device, findings };
}

/** Writes one device as a document of its own; throws `XmlError` for a character XML cannot hold. */
export function formatDevice<K extends DeviceKind>({ kind, model }: Device<K>): string {
  return formatElement(kinds[kind], model);
}
