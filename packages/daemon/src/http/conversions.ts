// Conversions over HTTP: the formats themselves, which need no engine.
// SPDX-License-Identifier: Apache-2.0
import type { Conversion, ConversionRequest, Resources } from '@ctvirt/api';
import { type Engine, EngineError } from '@ctvirt/engine';
import { type Conversion as Converted, convertFiles, type EndName, type FileEntry } from '@ctvirt/formats';
import type { Handlers } from './handler.js';

/** Of the host only the number of its processors is asked for, which some limits count in. */
export const bindConversions = (engine: Engine): Handlers<Resources['conversions']> => ({
  async convert({ body: { files, from, to = 'domxml', inPlace = false } }) {
    const { cpus } = await engine.host();
    const given = new Map(files.map((file) => [file.path, entryOf(file)]));
    const found = convertFiles(given, { from, to, inPlace, cpus, isWhole: false });
    const source = found.from;
    if (source === undefined || found.conversions.length === 0)
      throw new EngineError(
        'invalid',
        `none of these files is the configuration of a container${from === undefined ? '' : ` of ${from}`} that is not ${to} already`,
      );
    return found.conversions.map((one) => told(one, source, to));
  },
});

function entryOf({ path, text, link }: ConversionRequest['files'][number]): FileEntry {
  if (link !== undefined && text !== undefined)
    throw new EngineError('invalid', `${path} is a link or has a text, not both`, { path });
  return link === undefined ? { text: text ?? '' } : { link };
}

function told({ name, path, report, files, ...more }: Converted, from: EndName, to: EndName): Conversion {
  return {
    ...{ name, path, from, to, report: [...report] },
    isConverted: files !== undefined,
    autostart: ('autostart' in more ? more.autostart : undefined) ?? null,
    files: [...(files ?? [])].map(([place, { text, link }]) => ({
      path: place,
      ...(text !== undefined && { text }),
      ...(link !== undefined && { link }),
    })),
    error: more.failure ?? null,
  };
}
