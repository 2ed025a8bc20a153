// ctvirt convert
// SPDX-License-Identifier: Apache-2.0

import type { Conversion, EndName } from '@ctvirt/formats';
import type { Context } from '../context.js';
import type { Found } from '../conversion/convert.js';
import { CliError, describeError, describeFinding } from '../errors.js';
import { invalidStatus } from '../exit-status.js';
import { hasColour, widthOf } from '../io.js';
import { noneOf } from '../suggestion.js';
import { verb } from '../verb.js';

/** JSON has one object for each container, refused ones too; what could not be read or written comes before a refusal in the exit status. */
export const convert = verb({
  name: 'convert',
  group: 'Documents',
  summary: 'Convert containers between domain XML and OpenVZ, LXC, Linux-VServer and zonecfg',
  details: [
    'Formats are domxml, openvz (CTID.conf beside vz.conf), lxc (NAME/config and what it includes), vserver (a folder NAME) and zonecfg (what zonecfg export prints).',
    'PATH is one configuration, or a folder such as /etc/vz/conf, /var/lib/lxc or /etc/vservers with all containers in it. Links in it are not followed.',
    'The result goes to standard output, or below --output; on stderr each key is told with its file and line: carried, approximated and how, or ignored and why.',
    `Ends with status ${invalidStatus} if a container cannot be converted, or with --strict not without loss, with 1 if a file cannot be read or written; the others are converted all the same. No daemon is asked.`,
  ],
  args: {
    path: { summary: 'Files or folders; - is standard input', complete: 'file', many: true },
  },
  options: {
    from: {
      type: 'text',
      value: 'FORMAT',
      complete: 'format',
      summary: 'Format of the source (default: what it looks like)',
    },
    to: {
      type: 'text',
      value: 'FORMAT',
      complete: 'format',
      summary: 'Format of the result (default: domxml)',
    },
    'in-place': {
      type: 'flag',
      summary: "An OpenVZ container's root is its private area, not made anew from its template",
    },
    output: { type: 'text', value: 'DIR', complete: 'directory', summary: 'Write files below this folder' },
    force: { type: 'flag', summary: 'With --output, write over files that are there' },
    strict: { type: 'flag', summary: 'Refuse a container with a key that is ignored' },
    losses: { type: 'flag', summary: 'Tell only keys that are approximated or ignored' },
  },
  example: {
    command: 'ctvirt convert --from openvz --to domxml --in-place --output domains /etc/vz/conf',
    does: 'Writes domains/NAME.xml for each container on its own files, and tells what became of each key.',
  },
  async run(context, { args: { path: paths }, options }) {
    // Loaded here, as no other verb needs the formats.
    const { convertAll, find } = await import('../conversion/convert.js');
    const from = await formatNamed('from', options.from);
    const to = (await formatNamed('to', options.to)) ?? 'domxml';
    if (options.force && options.output === undefined)
      throw new CliError('usage', 'convert: --force goes with --output: nothing else is written over');
    const run = new Run(context, to, options);
    for (const path of paths) {
      try {
        const found = await find(path, from, context.io);
        refuseSame(found, to);
        for (const left of found.left) context.remark(`left out: ${left}`);
        const conversions = convertAll(found, to, { inPlace: options['in-place'] });
        for (const conversion of conversions)
          await run.take(conversion, found, paths.length === 1 && found.units.length === 1);
      } catch (error) {
        if (!(error instanceof CliError) || error.code === 'usage') throw error;
        run.fail(error);
      }
    }
    return await run.end();
  },
});

async function formatNamed(option: string, word: string | undefined): Promise<EndName | undefined> {
  if (word === undefined) return undefined;
  const { isEndName, endNames } = await import('@ctvirt/formats');
  if (isEndName(word)) return word;
  throw noneOf(`convert: --${option}`, word, endNames);
}

function refuseSame({ from }: Found, to: EndName): void {
  if (from !== to) return;
  const format = to === 'domxml' ? ", or use 'ctvirt xml format'" : '';
  throw new CliError('usage', `convert: the source is ${to} already: name another --to${format}`);
}

interface Told {
  readonly output: string | undefined;
  readonly force: boolean;
  readonly strict: boolean;
  readonly losses: boolean;
}

/** What one command line came to so far. */
class Run {
  readonly #data: unknown[] = [];
  readonly #placed = new Set<string>();
  readonly #count = { converted: 0, refused: 0, failed: 0 };
  readonly #colour: boolean;

  constructor(
    private readonly context: Context,
    private readonly to: EndName,
    private readonly options: Told,
  ) {
    this.#colour = hasColour(context.io.stderr, context.io.env);
  }

  fail(error: CliError): void {
    this.#count.failed++;
    this.context.tellError(error);
  }

  /** Delivers one container and tells of it; `isAlone` when there is no other. */
  async take(conversion: Conversion, found: Found, isAlone: boolean): Promise<void> {
    const isLossy = conversion.report.some(({ status }) => status === 'ignored');
    const isRefused = conversion.failure !== undefined || (this.options.strict && isLossy);
    const isGood = !isRefused && (await this.#deliver(conversion, isAlone));
    if (isRefused) this.#count.refused++;
    else if (isGood) this.#count.converted++;
    if (this.context.isJson) this.#data.push(dataOf(conversion, found.from, this.to, isGood));
    else if (isRefused) await this.#tellRefusal(conversion);
    else if (isGood) await this.#tell(conversion, isAlone);
  }

  async end(): Promise<number> {
    const { converted, refused, failed } = this.#count;
    if (this.context.isJson) this.context.print(this.#data, () => '');
    else if (converted + refused + failed > 1)
      this.context.remark(`${converted} converted, ${refused + failed} not`);
    return failed > 0 ? 1 : refused > 0 ? invalidStatus : 0;
  }

  /** Writes or prints the result; returns whether it arrived. */
  async #deliver(conversion: Conversion, isAlone: boolean): Promise<boolean> {
    const { files, name, path } = conversion;
    if (files === undefined) return false;
    if (this.options.output !== undefined) return await this.#place(files, `${name} (${path})`);
    if (this.context.isJson) return true;
    for (const [place, { text, link }] of files) {
      const head =
        isAlone && files.size === 1 ? '' : `==> ${place}${link === undefined ? '' : ` -> ${link}`} <==\n`;
      const body = text ?? '';
      this.context.printVerbatim({}, head + body + (body === '' || body.endsWith('\n') ? '' : '\n'));
    }
    return true;
  }

  async #place(files: NonNullable<Conversion['files']>, container: string): Promise<boolean> {
    const { output = '.', force } = this.options;
    const { placeFiles } = await import('../conversion/place.js');
    const twice = [...files.keys()].find((file) => this.#placed.has(file));
    try {
      if (twice !== undefined)
        throw new CliError('local', `${twice} is another container's already: rename one of them`);
      placeFiles(output, files, { force });
      for (const file of files.keys()) this.#placed.add(file);
      return true;
    } catch (error) {
      if (!(error instanceof CliError)) throw error;
      this.fail(new CliError('local', `${container}: ${error.message}`));
      return false;
    }
  }

  async #tell({ name, path, report }: Conversion, isAlone: boolean): Promise<void> {
    const { reportTable, summarize } = await import('../conversion/report-table.js');
    const shown = this.options.losses ? report.filter(({ status }) => status !== 'carried') : report;
    if (!isAlone || this.options.losses) this.context.remark(`${name} (${path}): ${summarize(report)}`);
    if (shown.length > 0)
      this.context.remarkTable(
        reportTable(shown, { colour: this.#colour, width: widthOf(this.context.io.stderr) }),
      );
    if (!isAlone) this.context.remark('');
  }

  async #tellRefusal({ name, path, report, failure }: Conversion): Promise<void> {
    const { reportTable, summarize } = await import('../conversion/report-table.js');
    const { stderr } = this.context.io;
    const colour = this.#colour;
    const head = (text: string) =>
      stderr.write(describeError(new CliError('local', `${name} (${path}) ${text}`), colour).text);
    if (failure === undefined) {
      const shown = report.filter(({ status }) => status === 'ignored');
      head(`is not converted: ${summarize(shown)}`);
      stderr.write(reportTable(shown, { colour, width: widthOf(stderr) }));
    } else {
      head(`cannot be converted: ${failure.message}`);
      for (const finding of failure.findings) stderr.write(describeFinding(finding, path, colour));
    }
  }
}

const dataOf = (conversion: Conversion, from: string, to: string, isConverted: boolean) => {
  const { name, path, report, files, failure } = conversion;
  return {
    name,
    path,
    from,
    to,
    isConverted,
    ...(files !== undefined &&
      isConverted && {
        autostart: conversion.autostart,
        files: [...files].map(([place, entry]) => ({ path: place, ...entry })),
      }),
    report,
    ...(failure !== undefined && { error: failure }),
  };
};
