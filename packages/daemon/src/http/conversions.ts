// Conversions over HTTP: the formats themselves, which need no engine.
// SPDX-License-Identifier: Apache-2.0
import { setImmediate as turn } from 'node:timers/promises';
import type { Conversion, ConversionRequest, Resources } from '@ctvirt/api';
import { type Engine, EngineError } from '@ctvirt/engine';
import {
  type Conversion as Converted,
  convertFiles,
  type EndName,
  endNames,
  ends,
  type FileEntry,
  type FileSet,
} from '@ctvirt/formats';
import type { Handlers } from './handler.js';

/** Of the host only the number of its processors is asked for, which some limits count in. */
export const bindConversions = (engine: Engine): Handlers<Resources['conversions']> => ({
  async convert({ body: { files, from, to = 'domxml', inPlace = false } }, gone) {
    checkLines(files);
    const { cpus } = await engine.host();
    const given = new Map(files.map((file) => [file.path, entryOf(file)]));
    const found = convertFiles(given, { from, to, inPlace, cpus, isWhole: false });
    if (found === undefined) throw nothingFound(given, from, to);
    const conversions: Conversion[] = [];
    for (const one of found.conversions) {
      conversions.push(told(one, found.from, to));
      // A folder of hundreds holds nobody else up, nor does it go on for nobody.
      await turn();
      if (gone.aborted) break;
    }
    return conversions;
  },
});

/** More than any configuration has: whoever may look may ask, and each line takes its time. */
const most = { ofFile: 2000, inAll: 20_000 } as const;

function checkLines(files: ConversionRequest['files']): void {
  let all = 0;
  for (const { path, text = '' } of files) {
    const lines = text.split('\n').length;
    all += lines;
    if (lines <= most.ofFile && all <= most.inAll) continue;
    const what =
      lines > most.ofFile ? `${path} has more than ${most.ofFile}` : `they have more than ${most.inAll}`;
    throw new EngineError(
      'invalid',
      `body: files: ${what} lines: convert fewer at once, or by ctvirt convert`,
      { path },
    );
  }
}

function nothingFound(files: FileSet, from: EndName | undefined, to: EndName): EngineError {
  if (ends[to].detect(files).length > 0)
    return new EngineError('invalid', `these files are ${ends[to].doc.split(',')[0]} already`, {
      format: to,
    });
  const sought = (from === undefined ? endNames : [from]).filter((name) => name !== to);
  return new EngineError(
    'invalid',
    `there is no container to convert in these files: looked for ${sought.map((name) => ends[name].doc).join('; ')}`,
  );
}

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
