// <dns>: what a network's own resolver answers, and whom it asks.
// SPDX-License-Identifier: Apache-2.0
import { checkAddresses } from '../domain/ip.js';
import { attribute, element, leaves, many } from '../schema/element.js';
import type { Infer } from '../schema/infer.js';
import { dnsName, integer, ipAddress, lineText, pattern, uint16, yesNo } from '../schema/scalar.js';

const forwarder = element(
  'forwarder',
  {
    doc: 'A name server that is asked, in place of those of the host.',
    since: '1.1.3',
    example: "<forwarder domain='example.com' addr='192.0.2.53'/>",
    fields: {
      domain: attribute(dnsName, {
        doc: 'It is asked for names of this domain only; without an address these are asked of the host.',
        since: '2.2.0',
      }),
      addr: attribute(ipAddress, { doc: 'Its address.' }),
    },
  },
  {
    check({ domain, addr }, report) {
      if (addr === undefined && domain === undefined)
        report.error('missing-attribute', [], "<forwarder> needs the attribute 'addr' or 'domain'", {
          expected: "addr='…', an IPv4 or IPv6 address",
        });
      checkAddresses({ addr }, ['addr'], report);
    },
  },
);

/** A TXT record. */
export const dnsTxt = element('txt', {
  doc: 'A TXT record.',
  since: '0.9.3',
  example: "<txt name='example' value='a text'/>",
  fields: {
    name: attribute(dnsName, { doc: 'Its name.', required: true }),
    value: attribute(lineText, { doc: 'Its text.', required: true }),
  },
});

const service = pattern('a name of letters, digits, _, -, +, / and *', '[A-Za-z0-9_+/*\\-]{1,482}', [
  'ldap',
  'xmpp-client',
]);
const protocol = pattern('a name of letters, digits, -, + and /', '[A-Za-z0-9+/\\-]{1,63}', ['tcp', 'udp']);

/** An SRV record. */
export const dnsSrv = element(
  'srv',
  {
    doc: 'An SRV record: where a service is.',
    since: '0.9.9',
    example: "<srv service='ldap' protocol='tcp' domain='example.com' target='ldap.example.com' port='389'/>",
    fields: {
      service: attribute(service, { doc: 'The service.', required: true }),
      protocol: attribute(protocol, { doc: 'Its protocol: tcp or udp.', required: true }),
      domain: attribute(dnsName, { doc: 'The domain that has it; that of the network when absent.' }),
      target: attribute(dnsName, { doc: 'The host that offers it.' }),
      port: attribute(integer(1, 65_535), { doc: 'Its port there.' }),
      priority: attribute(uint16, { doc: 'Of several the lowest is asked first.', zeroIsUnset: true }),
      weight: attribute(uint16, { doc: 'How often it is asked among equals.', zeroIsUnset: true }),
    },
  },
  {
    check(model, report) {
      if (model.target !== undefined) return;
      for (const key of ['port', 'priority', 'weight'] as const)
        if (model[key] !== undefined)
          report.error('conflict', [key], `${key} says nothing without a target`, { expected: "target='…'" });
    },
  },
);

/** Names of one address. */
export const dnsHost = element(
  'host',
  {
    doc: 'Names of an address.',
    since: '0.9.3',
    example: "<host ip='192.168.122.2'>\n  <hostname>gateway</hostname>\n</host>",
    fields: {
      ip: attribute(ipAddress, { doc: 'The address.', required: true }),
      hostnames: leaves('hostname', dnsName, { doc: 'A name.' }),
    },
  },
  {
    check({ ip, hostnames = [] }, report) {
      checkAddresses({ ip }, ['ip'], report);
      if (hostnames.length === 0)
        report.error('missing-element', [], '<host> needs a <hostname>', { expected: '<hostname>' });
    },
  },
);

/** Names of domains on the network are answered besides. */
export const networkDns = element(
  'dns',
  {
    doc: 'What the resolver of the network answers, and whom it asks.',
    since: '0.9.3',
    emptyIsUnset: true,
    example:
      "<dns>\n  <forwarder addr='192.0.2.53'/>\n  <host ip='192.168.122.2'>\n    <hostname>gateway</hostname>\n  </host>\n</dns>",
    fields: {
      enable: attribute(yesNo, { doc: 'Whether there is one; there is when absent.', since: '2.2.0' }),
      forwardPlainNames: attribute(yesNo, {
        doc: 'Whether names without a dot are asked of others; they are not when absent, unlike under libvirt.',
        since: '1.1.2',
      }),
      forwarders: many(forwarder),
      txts: many(dnsTxt),
      srvs: many(dnsSrv),
      hosts: many(dnsHost),
    },
  },
  {
    check(model, report) {
      if (model.enable !== false) return;
      for (const key of ['forwarders', 'txts', 'srvs', 'hosts'] as const)
        if (model[key] !== undefined)
          report.error('conflict', [key, 0], 'there is no resolver that would answer it', {
            found: "enable='no'",
          });
    },
  },
);

/** Records of the network's resolver, and the name servers it asks. */
export type NetworkDns = Infer<typeof networkDns>;
