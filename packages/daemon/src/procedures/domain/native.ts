// Documents from and to the native configurations of OpenVZ, LXC and zones.
// SPDX-License-Identifier: Apache-2.0
import { availableParallelism } from 'node:os';
import { type Format, FormatError, filesOf, formatOf, usualPageSize } from '@ctvirt/formats';
import { formatDomain, parseDomain } from '@ctvirt/xml';
import type { Bind } from '../session.js';
import { checkFlags, refusal } from '../words/refusal.js';

/** libvirt's own name of a format that has another here. */
const alias: Readonly<Record<string, string>> = { 'lxc-tools': 'lxc' };
const host = { pageSize: usualPageSize, cpus: availableParallelism() } as const;

/** A format of one text, and what its readers expect that to be called. */
function formatFor(name: string): { readonly format: Format; readonly file: string } {
  const format = formatOf((Object.hasOwn(alias, name) ? alias[name] : undefined) ?? name);
  const file = format?.files.text;
  if (format === undefined || file === undefined)
    throw refusal('invalidArg', 'domain', `unsupported config type ${name}`);
  return { format, file };
}

/** Runs a conversion; what it cannot make anything of is the client's fault. */
function converting<T>(convert: () => T): T {
  try {
    return convert();
  } catch (error) {
    if (error instanceof FormatError) throw refusal('confSyntax', 'conf', error.message);
    throw error;
  }
}

/** Both ways for OpenVZ, LXC and zones, and no engine is asked; a format unknown to it is `invalidArg`. */
export const bindNative: Bind = () => ({
  connectDomainXmlFromNative({ nativeFormat, nativeConfig, flags }, { name }) {
    checkFlags(flags, 0, name);
    const { format, file } = formatFor(nativeFormat);
    return converting(() => {
      const files = filesOf([[file, nativeConfig]]);
      const [unit] = format.detect(files);
      if (unit === undefined)
        throw refusal('confSyntax', 'conf', `this is no configuration of the format ${nativeFormat}`);
      return { domainXml: formatDomain(format.read(files, unit, host).domain) };
    });
  },
  connectDomainXmlToNative({ nativeFormat, domainXml, flags }, { name }) {
    checkFlags(flags, 0, name);
    const { format } = formatFor(nativeFormat);
    const { domain, findings } = parseDomain(domainXml);
    if (domain === undefined)
      throw refusal('xmlError', 'domain', findings[0]?.message ?? 'the document cannot be read');
    return converting(() => {
      const { files } = format.write(domain, host);
      return { nativeConfig: [...files.values()].map(({ text }) => text ?? '').join('\n') };
    });
  },
});
