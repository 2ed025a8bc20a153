// Documents from and to the native configurations of OpenVZ, LXC and zones.
// SPDX-License-Identifier: Apache-2.0
import { availableParallelism } from 'node:os';
import { FormatError, type FormatName, filesOf, formats } from '@ctvirt/formats';
import { formatDomain, parseDomain } from '@ctvirt/xml';
import { checkFlags, refusal } from './refusal.js';
import type { Bind } from './session.js';

/** Formats of one text, by the names clients give; `lxc-tools` is libvirt's own. A text has the file name its readers expect. */
const texts: Readonly<Record<string, { readonly format: FormatName; readonly file: string }>> = {
  'lxc-tools': { format: 'lxc', file: 'imported.conf' },
  lxc: { format: 'lxc', file: 'imported.conf' },
  openvz: { format: 'openvz', file: 'imported' },
  zonecfg: { format: 'zonecfg', file: 'imported.cfg' },
};
const host = { pageSize: 4096, cpus: availableParallelism() } as const;

function formatFor(name: string) {
  const found = Object.hasOwn(texts, name) ? texts[name] : undefined;
  if (found === undefined) throw refusal('invalidArg', 'domain', `unsupported config type ${name}`);
  return { ...found, format: formats[found.format] };
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
