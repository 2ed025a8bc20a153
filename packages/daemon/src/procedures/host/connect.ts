// The connection itself: what it is connected to, in which version, and what that can do.
// SPDX-License-Identifier: Apache-2.0
import { hostname } from 'node:os';
import type { Bind } from '../session.js';
import { checkFlags, refusal } from '../words/refusal.js';
import { capabilitiesXml, domainCapabilitiesXml } from './capabilities.js';

/** The release whose protocol table this daemon answers by. */
const protocolVersion = '11.3.0';
/** libvirtd's own for its LXC driver: the kernel sets no bound of its own. */
const maxVcpus = 1024;

/** `5.0.2` as libvirt writes versions: 5000002. */
export function versionNumber(text: string): bigint {
  const [major = 0, minor = 0, micro = 0] = (/\d+(?:\.\d+){0,2}/.exec(text)?.[0] ?? '0')
    .split('.')
    .map(Number);
  return BigInt(major * 1_000_000 + minor * 1000 + micro);
}

/** Names, versions and capabilities of the connection; versions are major × 1000000 + minor × 1000 + release. */
export const bindConnect: Bind = ({ engine }) => ({
  connectGetType: (_, { session }) => ({ type: session.driver }),
  connectGetVersion: async () => ({ hvVer: versionNumber((await engine.host()).driverVersion) }),
  connectGetLibVersion: () => ({ libVer: versionNumber(protocolVersion) }),
  connectGetHostname: () => ({ hostname: hostname() }),
  connectGetUri: (_, { session }) => ({ uri: session.uri }),
  connectIsSecure: (_, { client }) => ({ secure: client.origin.transport === 'tcp' ? 0 : 1 }),
  connectGetCapabilities: (_, { session }) => ({ capabilities: capabilitiesXml(session.type) }),
  connectGetMaxVcpus: () => ({ maxVcpus }),
  connectGetDomainCapabilities({ virttype, flags }, { session, name }) {
    checkFlags(flags, 0, name);
    return { capabilities: domainCapabilitiesXml(virttype ?? session.type ?? 'lxc', maxVcpus) };
  },
  connectGetSysinfo() {
    throw refusal('configUnsupported', 'domain', 'Host SMBIOS information is not available');
  },
});
