// What virsh is asked of networks, in an order in which later commands see what earlier ones did.
// SPDX-License-Identifier: Apache-2.0

/** One command; `input` is a file that the command names as FILE, UUID is the network's. */
export interface NetworkRow {
  readonly command: string;
  readonly input?: string;
  /** A pattern of what it prints; refusals have one of the error. */
  readonly prints?: RegExp;
  /** Why it cannot work; libvirt's own driver refuses the same. */
  readonly refused?: string;
  /** Of some releases virsh itself ends with 0 after the error. */
  readonly anyStatus?: true;
  /** What of its output differs from that of libvirt's own driver, and why; without it nothing does but numbers. */
  readonly differs?: { readonly lines: RegExp; readonly reason: string };
}

/** The network's; libvirt takes a document without one for that of a new network. */
export const networkUuid = '3f6c2b1e-58d7-4f0e-9a4c-6d1f0c7b2a11';

/** Nothing of a host's firewall is asked of libvirt's driver, which needs iptables for all else. */
const open = (name: string, third: string, more = ''): string =>
  `<network><name>${name}</name>${more}<forward mode='open'/><domain name='${name}.example'/>` +
  `<ip address='192.0.${third}.1' netmask='255.255.255.0'><dhcp><range start='192.0.${third}.10' end='192.0.${third}.99'/></dhcp></ip></network>`;
const lan = open('lan', '2', `<uuid>${networkUuid}</uuid>`);
const mac = '52:54:00:00:00:21';
const host = `<host mac='${mac}' name='web' ip='192.0.2.5'/>`;
const both = '--live --config';
const transient = 'a transient network has no definition';
const port = 'there are no ports but the interfaces of domains';
const noPort = '11111111-1111-4111-8111-111111111111';

export const networkRows: readonly NetworkRow[] = [
  { command: 'net-define FILE', input: lan, prints: /^Network lan defined from / },
  {
    command: 'net-define FILE',
    input: open('lan', '2'),
    refused: 'the name is taken, and a document without UUID is a new network',
    prints: /network 'lan' already exists with uuid/,
  },
  { command: 'net-define --validate FILE', input: lan, prints: /^Network lan defined/ },
  {
    command: 'net-define FILE',
    input: lan.replace('192.0.2.99', '198.51.100.9'),
    refused: 'the range is not of its subnet',
    prints: /XML error/,
    differs: {
      lines: /range|not within/,
      reason: 'the fault is said in words of our own, as an error of the document',
    },
  },
  {
    command: 'net-define FILE',
    input: '<network',
    refused: 'it is no XML',
    prints: /^error: /m,
    differs: { lines: /root element|network|\^/, reason: 'the fault is said in words of our own' },
  },
  { command: 'net-list', prints: /Name +State +Autostart +Persistent/ },
  { command: 'net-list --all', prints: /lan +inactive +no +yes/ },
  { command: 'net-list --inactive --name', prints: /^lan$/m },
  { command: 'net-list --all --uuid', prints: new RegExp(`^${networkUuid}$`, 'm') },
  { command: 'net-list --all --no-autostart --persistent --table', prints: / lan / },
  { command: 'net-info lan', prints: /Active: +no\nPersistent: +yes\nAutostart: +no\nBridge: +virbr0/ },
  { command: 'net-uuid lan', prints: new RegExp(networkUuid) },
  { command: 'net-name UUID', prints: /^lan$/m },
  { command: 'net-dumpxml lan', prints: /<bridge name='virbr0' stp='on' delay='0'\/>/ },
  {
    command: 'net-destroy lan',
    refused: 'it does not run',
    prints: /network 'lan' is not active/,
  },
  { command: 'net-autostart lan', prints: /marked as autostarted/ },
  { command: 'net-list --all --autostart --name', prints: /^lan$/m },
  { command: 'net-autostart lan --disable', prints: /unmarked as autostarted/ },
  { command: 'net-dhcp-leases lan', prints: /Expiry Time/ },
  { command: 'net-port-list lan', refused: 'it does not run', prints: /network 'lan' is not active/ },
  {
    command: `net-update lan add dns-txt FILE --live`,
    input: "<txt name='a' value='b'/>",
    refused: 'it does not run',
    prints: /network is not running/,
  },
  { command: 'net-start lan', prints: /^Network lan started/ },
  { command: 'net-start lan', refused: 'it runs already', prints: /network is already active/ },
  { command: 'net-list', prints: /lan +active +no +yes/ },
  { command: 'net-info UUID', prints: /Active: +yes/ },
  { command: 'net-dhcp-leases lan', prints: /Client ID or DUID/ },
  { command: `net-dhcp-leases lan --mac ${mac}`, prints: /Expiry Time/ },
  {
    command: 'net-dhcp-leases lan --mac zz',
    refused: 'that is no hardware address',
    prints: /invalid MAC address: zz/,
  },
  { command: `net-update lan add ip-dhcp-host FILE ${both}`, input: host, prints: /^Updated network lan/ },
  {
    command: `net-update lan add ip-dhcp-host FILE ${both}`,
    input: host,
    refused: 'there is one',
    prints: /there is an existing dhcp host entry in network 'lan'/,
  },
  {
    command: `net-update lan modify ip-dhcp-host FILE ${both}`,
    input: host.replace('.5', '.6'),
    prints: /^Updated/,
  },
  { command: 'net-dumpxml lan', prints: /ip='192\.0\.2\.6'/ },
  {
    command: `net-update lan delete ip-dhcp-host FILE ${both}`,
    input: "<host name='web'/>",
    prints: /^Updated/,
  },
  {
    command: `net-update lan delete ip-dhcp-host FILE ${both}`,
    input: "<host name='web'/>",
    refused: 'there is none',
    prints: /couldn't locate a matching dhcp host entry/,
  },
  {
    command: `net-update lan add-first ip-dhcp-range FILE ${both}`,
    input: "<range start='192.0.2.120' end='192.0.2.130'/>",
    prints: /^Updated/,
  },
  {
    command: `net-update lan modify ip-dhcp-range FILE`,
    input: "<range start='192.0.2.120' end='192.0.2.130'/>",
    refused: 'ranges are added and deleted',
    prints: /dhcp ranges cannot be modified, only added or deleted/,
  },
  {
    command: `net-update lan delete ip-dhcp-range FILE ${both}`,
    input: "<range start='192.0.2.120' end='192.0.2.130'/>",
    prints: /^Updated/,
  },
  {
    command: `net-update lan add dns-host FILE ${both}`,
    input: "<host ip='192.0.2.7'><hostname>seven</hostname></host>",
    prints: /^Updated/,
  },
  {
    command: `net-update lan delete dns-host FILE ${both}`,
    input: '<host><hostname>seven</hostname></host>',
    prints: /^Updated/,
  },
  {
    command: `net-update lan add dns-txt FILE ${both}`,
    input: "<txt name='a' value='b'/>",
    prints: /^Updated/,
  },
  {
    command: `net-update lan add dns-txt FILE ${both}`,
    input: "<txt name='a' value='c'/>",
    refused: 'there is one',
    prints: /there is already a DNS TXT record with name 'a' in network lan/,
  },
  { command: `net-update lan delete dns-txt FILE ${both}`, input: "<txt name='a'/>", prints: /^Updated/ },
  {
    command: `net-update lan add dns-srv FILE ${both}`,
    input: "<srv service='ldap' protocol='tcp' target='ldap.lan.example' port='389'/>",
    prints: /^Updated/,
  },
  {
    command: `net-update lan delete dns-srv FILE ${both}`,
    input: "<srv service='ldap' protocol='tcp'/>",
    prints: /^Updated/,
  },
  {
    command: `net-update lan add portgroup FILE ${both}`,
    input: "<portgroup name='customers'><bandwidth><inbound average='1000'/></bandwidth></portgroup>",
    prints: /^Updated/,
  },
  {
    command: `net-update lan modify portgroup FILE ${both}`,
    input: "<portgroup name='customers' default='yes'/>",
    prints: /^Updated/,
  },
  {
    command: `net-update lan add portgroup FILE ${both}`,
    input: "<portgroup name='others' default='yes'/>",
    refused: 'another is the default',
    prints: /is already set as the default/,
  },
  {
    command: `net-update lan delete portgroup FILE ${both}`,
    input: "<portgroup name='customers'/>",
    prints: /^Updated/,
  },
  {
    command: 'net-update lan delete forward-interface FILE',
    input: "<interface dev='eth9'/>",
    refused: 'there is none',
    prints: /couldn't find an interface entry in network 'lan' matching <interface dev='eth9'>/,
  },
  ...(['bridge', 'domain', 'ip', 'forward', 'forward-pf'] as const).map((section) => ({
    command: `net-update lan modify ${section} FILE`,
    input: '<any/>',
    refused: 'this part is changed by a new definition',
    prints: /can't update '.*' section of network 'lan'/,
  })),
  { command: 'net-edit lan', prints: /XML configuration not changed/ },
  { command: 'net-port-list lan', prints: /UUID/ },
  {
    command: `net-port-dumpxml lan ${noPort}`,
    refused: port,
    anyStatus: true,
    prints: /failed to get network port/,
  },
  {
    command: `net-port-delete lan ${noPort}`,
    refused: port,
    anyStatus: true,
    prints: /failed to get network port/,
  },
  { command: 'net-event --list', prints: /^lifecycle$/m },
  { command: 'net-create FILE', input: open('try', '3'), prints: /^Network try created from / },
  { command: 'net-list --transient', prints: /try +active +no +no/ },
  { command: 'net-undefine try', refused: transient, prints: /can't undefine transient network/ },
  {
    command: 'net-autostart try',
    refused: transient,
    prints: /cannot set autostart for transient network/,
  },
  {
    command: 'net-update try add dns-txt FILE --config',
    input: "<txt name='a' value='b'/>",
    refused: transient,
    prints: /cannot change persistent config of a transient network/,
  },
  { command: 'net-destroy try', prints: /^Network try destroyed/ },
  { command: 'net-info try', refused: 'it is gone', prints: /no network with matching name 'try'/ },
  { command: 'net-undefine lan', prints: /^Network lan has been undefined/ },
  { command: 'net-list --transient --name', prints: /^lan$/m },
  { command: 'net-destroy lan', prints: /^Network lan destroyed/ },
  { command: 'net-start lan', refused: 'it is gone', prints: /no network with matching name 'lan'/ },
];

/** The section of docs/reference/virsh.md. */
export function formatNetworkTable(): string {
  const lines = networkRows.map(({ command, refused, differs }) => {
    const here = refused === undefined ? 'works' : `refused: ${refused}`;
    const there = refused === undefined ? 'works' : 'refused';
    return `| \`${command}\` | ${here} | ${there}${differs === undefined ? '' : `; ${differs.reason}`} |`;
  });
  return `## Networks

Run one after the other, here and on libvirt's own network driver in a namespace of its own: what each refuses, and what it prints, is the
same but for numbers, except where the table says in what it differs. Later rows see what earlier ones did; FILE is a file of the test's.

| command | here | libvirt's network driver |
| --- | --- | --- |
${lines.join('\n')}
`;
}
