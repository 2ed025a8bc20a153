// Documents beside the domain's: what libvirt writes of each kind is read whole, and written as it writes it.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type DocumentKind, documentKinds, formatDocument, parseDocument } from './documents.js';
import { formatElement } from './emit/format.js';
import { compile } from './schema/compile.js';
import type { AnyElement } from './schema/declaration.js';
import { elementsBeneath, modelOf } from './testing/arbitrary.js';

const kinds = Object.keys(documentKinds) as DocumentKind[];
const others = kinds.filter((kind) => kind !== 'domain' && kind !== 'domainsnapshot');

/** In libvirt's own spelling and order. */
const texts: Readonly<Record<Exclude<DocumentKind, 'domain'>, string>> = {
  network: `<network xmlns:dnsmasq='http://libvirt.org/schemas/network/dnsmasq/1.0' connections='2' ipv6='yes' trustGuestRxFilters='no'>
  <name>inside</name>
  <uuid>81ff0d90-c91e-6742-64da-4a736edb9a9b</uuid>
  <title>Inside</title>
  <description>Members reach the world, and not each other.</description>
  <metadata>
    <a:b xmlns:a="urn:a"/>
  </metadata>
  <forward dev='eth1' mode='nat'>
    <nat ipv6='yes'>
      <address start='203.0.113.1' end='203.0.113.3'/>
      <port start='1024' end='65535'/>
    </nat>
    <interface dev='eth1' connections='2'/>
  </forward>
  <bridge name='virbr1' zone='inside' stp='on' delay='0' macTableManager='kernel'/>
  <mtu size='9000'/>
  <mac address='52:54:00:17:3f:37'/>
  <domain name='example.com' localOnly='yes' register='yes'/>
  <dns forwardPlainNames='yes'>
    <forwarder domain='example.org' addr='192.0.2.53'/>
    <forwarder addr='2001:db8::53'/>
    <txt name='example' value='a &quot;text&quot;'/>
    <srv service='ldap' protocol='tcp' domain='example.com' target='ldap.example.com' port='389' priority='1' weight='2'/>
    <host ip='192.168.122.2'>
      <hostname>gateway</hostname>
      <hostname>host</hostname>
    </host>
  </dns>
  <bandwidth>
    <inbound average='1000' peak='5000' burst='5120'/>
    <outbound average='128'/>
  </bandwidth>
  <port isolated='yes'/>
  <ip family='ipv4' address='192.168.122.1' netmask='255.255.255.0' localPtr='yes'>
    <tftp root='/srv/tftp'/>
    <dhcp>
      <range start='192.168.122.2' end='192.168.122.254'>
        <lease expiry='12' unit='hours'/>
      </range>
      <host mac='00:16:3e:77:e2:ed' name='a.example.com' ip='192.168.122.10'>
        <lease expiry='0'/>
      </host>
      <bootp file='pxeboot.img' server='192.0.2.4'/>
    </dhcp>
  </ip>
  <ip family='ipv6' address='2001:db8::1' prefix='64'>
    <dhcp>
      <host id='0:3:0:1:0:16:3e:11:22:33' name='b' ip='2001:db8::9'/>
    </dhcp>
  </ip>
  <route family='ipv4' address='192.168.222.0' prefix='24' gateway='192.168.122.10' metric='2'/>
  <portgroup name='slow' default='yes' trustGuestRxFilters='no'>
    <bandwidth>
      <outbound average='10'/>
    </bandwidth>
  </portgroup>
  <portgroup name='fast'>
  </portgroup>
  <dnsmasq:options>
    <dnsmasq:option value='cname=*.example.com,web.example.com'/>
  </dnsmasq:options>
</network>
`,
  networkport: `<networkport>
  <uuid>5d744f21-ba4a-4d6e-bdb2-30a35ff3207d</uuid>
  <owner>
    <name>web</name>
    <uuid>d54df46f-1ab5-4a22-8618-4560ef5fac2c</uuid>
  </owner>
  <group>customers</group>
  <mac address='52:54:00:7b:35:93'/>
  <virtualport type='802.1Qbg'>
    <parameters managerid='11' typeid='1193047' typeidversion='2'/>
  </virtualport>
  <bandwidth classID='1729'>
    <inbound average='1000' peak='4000' floor='2000' burst='1024'/>
    <outbound average='128' peak='256' burst='32768'/>
  </bandwidth>
  <vlan trunk='yes'>
    <tag id='2'/>
    <tag id='1729'/>
  </vlan>
  <port isolated='yes'/>
  <rxfilters trustGuest='yes'/>
  <plug type='hostdev-pci' managed='no'>
    <driver name='vfio'/>
    <address domain='0x0001' bus='0x02' slot='0x03' function='0x4'/>
  </plug>
</networkport>
`,
  filter: `<filter name='own' chain='ipv4-own' priority='-650'>
  <uuid>83011800-f663-96d6-8841-fd836b4318c6</uuid>
  <filterref filter='no-mac-spoofing'>
    <parameter name='IP' value='10.1.2.3'/>
    <parameter name='IP' value='10.1.2.4'/>
  </filterref>
  <rule action='accept' direction='out' priority='-500' statematch='false'>
    <ip match='no' srcipaddr='$IP[@1]' srcipmask='24' protocol='udp' dstportstart='0x43'/>
  </rule>
  <filterref filter='allow-arp'/>
  <rule action='drop' direction='inout' priority='1000'/>
  <rule action='reject' direction='in' priority='500'>
    <tcp-ipv6 srcipaddr='2001:db8::' srcipmask='32' connlimit-above='5' state='NEW' flags='SYN,ACK/SYN' comment='a &quot;text&quot;'/>
  </rule>
</filter>
`,
  pool: `<pool type='dir'>
  <name>default</name>
  <uuid>35bb2ad9-388a-cdfe-461a-b8907f6e53fe</uuid>
  <capacity unit='bytes'>107374182400</capacity>
  <allocation unit='bytes'>5368709120</allocation>
  <available unit='bytes'>102005473280</available>
  <source>
  </source>
  <target>
    <path>/srv/images</path>
    <permissions>
      <mode>0711</mode>
      <owner>0</owner>
      <group>0</group>
    </permissions>
  </target>
</pool>
`,
  volume: `<volume type='file'>
  <name>web.img</name>
  <key>/srv/images/web.img</key>
  <capacity unit='bytes'>1099511627776</capacity>
  <allocation unit='bytes'>0</allocation>
  <target>
    <path>/srv/images/web.img</path>
    <format type='qcow2'/>
    <permissions>
      <mode>0600</mode>
      <owner>0</owner>
      <group>0</group>
      <label>virt_image_t</label>
    </permissions>
    <timestamps>
      <atime>1341933637.273190990</atime>
    </timestamps>
  </target>
</volume>
`,
  capabilities: `<capabilities>

  <host>
    <uuid>a25c794c-34ad-11b2-a85c-b030533115b8</uuid>
    <cpu>
      <arch>x86_64</arch>
      <pages unit='KiB' size='4'/>
    </cpu>
    <power_management>
      <suspend_mem/>
    </power_management>
    <iommu support='no'/>
    <topology>
      <cells num='1'>
        <cell id='0'>
          <memory unit='KiB'>4048248</memory>
          <cpus num='1'>
            <cpu id='0' socket_id='0' die_id='0' core_id='0' siblings='0'/>
          </cpus>
        </cell>
      </cells>
    </topology>
  </host>

  <guest>
    <os_type>exe</os_type>
    <arch name='x86_64'>
      <wordsize>64</wordsize>
      <emulator>/usr/libexec/libvirt_lxc</emulator>
      <domain type='lxc'/>
    </arch>
  </guest>

</capabilities>
`,
  domainCapabilities: `<domainCapabilities>
  <path>/usr/bin/lxc-start</path>
  <domain>lxc</domain>
  <arch>x86_64</arch>
  <vcpu max='4'/>
  <os supported='no'/>
  <cpu/>
  <devices/>
  <features/>
</domainCapabilities>
`,
  domainsnapshot: `<domainsnapshot>
  <name>before</name>
  <description>before the upgrade</description>
  <state>running</state>
  <parent>
    <name>bare</name>
  </parent>
  <creationTime>1272917631</creationTime>
  <memory snapshot='no'/>
  <disks>
    <disk name='vda' snapshot='external' type='file'>
      <driver type='qcow2'/>
      <source file='/srv/new'/>
    </disk>
  </disks>
  <domain type='lxc'>
    <name>web</name>
    <os>
      <type>exe</type>
      <init>/sbin/init</init>
    </os>
    <devices>
      <filesystem type='mount' accessmode='passthrough'>
        <source dir='/srv/web'/>
        <target dir='/'/>
      </filesystem>
    </devices>
  </domain>
</domainsnapshot>
`,
};

test('what libvirt writes of each kind is read, and written again as it stands', () => {
  for (const [kind, text] of Object.entries(texts) as [DocumentKind, string][]) {
    const { model, findings } = parseDocument(kind, text);
    assert.ok(model !== undefined, JSON.stringify(findings));
    assert.equal(formatDocument(kind, model), text, kind);
    assert.ok(
      findings.every(({ code }) => code === 'unknown-element'),
      JSON.stringify(findings),
    );
  }
});

test('a document of another kind, none at all, and one that lacks what it must have', () => {
  const codesOf = (kind: DocumentKind, text: string) =>
    parseDocument(kind, text).findings.map(({ code }) => code);
  for (const kind of kinds) {
    assert.deepEqual(codesOf(kind, '<else/>'), ['wrong-root'], kind);
    assert.deepEqual(codesOf(kind, '<else'), ['syntax'], kind);
  }
  assert.deepEqual(codesOf('network', '<network/>'), ['missing-element']);
  assert.deepEqual(codesOf('pool', '<pool><name>a</name></pool>'), ['missing-attribute']);
  assert.deepEqual(codesOf('volume', "<volume><name>a</name><capacity unit='x'>1</capacity></volume>"), [
    'bad-value',
  ]);
});

test('each kind: parse after format gives the same model', () => {
  for (const kind of others)
    fc.assert(
      fc.property(modelOf(documentKinds[kind]), (model) => {
        const text = formatElement<AnyElement>(documentKinds[kind], model as never);
        assert.deepEqual(parseDocument(kind, text, { strict: true }).model, model, text);
      }),
      { numRuns: 50, endOnFailure: true },
    );
});

test('every element beneath them can be compiled, and says what it is', () => {
  for (const kind of others)
    for (const element of elementsBeneath(documentKinds[kind])) {
      compile(element);
      assert.match(element.body.doc, /^[A-Z].*\.$/, element.name);
    }
});
