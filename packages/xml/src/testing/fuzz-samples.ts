// Documents that use most of the schema, in every form it reads: what the fuzz target mutates.
// SPDX-License-Identifier: Apache-2.0

const proposal2007 = `<domain type='openvz'>
  <name>105</name>
  <uuid>8509a1d4-1569-4467-8b37-4e433a1ac7b1</uuid>
  <filesystem>
    <template>gentoo-20060317-i686-stage3</template>
    <quota level='first'>10737418240</quota>
    <quota level='second' uid='500'>5368709120</quota>
  </filesystem>
  <profile>vps.basic</profile>
  <devices>
    <interface><ipaddress>192.168.1.105</ipaddress></interface>
  </devices>
  <nameserver>192.168.1.1</nameserver>
  <hostname>fedora105</hostname>
</domain>
`;

const small = `<?xml version='1.0'?>
<domain type="lxc" id='231'>
  <name>web &amp; more</name>
  <uuid>8369f1ac7e46e869</uuid>
  <uuid>8369f1ac-7e46-e869-4ca5-759d51478066</uuid>
  <memory unit='MiB'>512</memory>
  <currentMemory>500000</currentMemory>
  <vcpu placement='static' cpuset='0-3,^2' current='1'>2</vcpu>
  <os><type arch='x86_64'>exe</type><init>/sbin/init</init></os>
  <clock offset='variable' adjustment='3600'/>
  <on_poweroff>destroy</on_poweroff>
  <devices>
    <filesystem type='mount'><source dir='/srv/web'/><target dir='/'/></filesystem>
    <console type='pty' tty='/dev/pts/1'><source path='/dev/pts/1'/><target type='lxc' port='0'/></console>
  </devices>
</domain>
`;

const full = `<!-- head -->
<domain type='lxc' xmlns:lxc='http://libvirt.org/schemas/domain/lxc/1.0' xmlns:x='urn:x' x:a='1'>
  <name>all</name>
  <title>A title</title>
  <description>text with &lt;, &#13;, &#x1F600; and <![CDATA[ <b> ]]></description>
  <metadata>
    <app:note xmlns:app='urn:app' level="1">kept <b/> as it is</app:note>
    <ctvirt:beancounters xmlns:ctvirt='urn:ctvirt:beancounters:1'>
      <ctvirt:parameter name='numproc' barrier='240' limit='9223372036854775807'/>
      <ctvirt:parameter name='iopriority' value='4'/>
    </ctvirt:beancounters>
  </metadata>
  <memory unit='GiB'>2</memory>
  <memtune>
    <hard_limit unit='G'>1</hard_limit>
    <soft_limit unit='M'>128</soft_limit>
    <swap_hard_limit unit='KiB'>2097152</swap_hard_limit>
    <min_guarantee unit='bytes'>67108864</min_guarantee>
  </memtune>
  <blkiotune>
    <weight>800</weight>
    <device><path>/dev/sda</path><weight>500</weight><read_bytes_sec>10000</read_bytes_sec></device>
  </blkiotune>
  <vcpu>2</vcpu>
  <cputune><shares>2048</shares><period>100000</period><quota>-1</quota></cputune>
  <numatune><memory mode='strict' nodeset='0-1,^1'/></numatune>
  <resource><partition>/machine/web</partition></resource>
  <os>
    <type arch='x86_64'>exe</type>
    <init>/bin/sh</init><initarg>-c</initarg><initarg>exec sleep 5</initarg>
    <initenv name='LANG'>C.UTF-8</initenv>
    <initdir>/root</initdir><inituser>0</inituser><initgroup>adm</initgroup>
  </os>
  <?pi some instruction?>
  <hostname>all.example</hostname>
  <dns><nameserver address='2001:db8::53'/><search domain='example.org'/></dns>
  <idmap>
    <uid start='0' target='100000' count='65536'/>
    <gid start='0' target='100000' count='65536'/>
  </idmap>
  <features>
    <privnet/>
    <capabilities policy='deny'><mknod state='on'/><sys_admin state='off'/></capabilities>
  </features>
  <devices>
    <emulator>/usr/libexec/libvirt_lxc</emulator>
    <!-- the root -->
    <filesystem type='template' accessmode='mapped'>
      <driver type='path' wrpolicy='immediate'/>
      <source name='debian-12' options='nosuid,nodev'/>
      <target dir='/'/>
      <space_hard_limit unit='G'>1</space_hard_limit>
      <space_soft_limit unit='MB'>900</space_soft_limit>
      <quota type='size' uid='500' max='5368709120' unit='bytes'/>
      <quota type='inodes' max='200000' soft='100000'/>
    </filesystem>
    <filesystem type='file'><driver type='loop' format='raw'/><source file='/a.img'/><target dir='/a'/><readonly/></filesystem>
    <filesystem type='block'><source dev='/dev/vg/b'/><target dir='/b'/></filesystem>
    <filesystem type='ram'><source usage='65536' units='KiB'/><target dir='/dev/shm'/></filesystem>
    <filesystem type='bind'><source dir='/b'/><target dir='/b2'/></filesystem>
    <filesystem type='volume'><source pool='default' volume='web'/><target dir='/v'/></filesystem>
    <filesystem type='dataset'><source name='export/foo'/></filesystem>
    <x:gadget speed='fast'>text</x:gadget>
    <interface type='bridge'>
      <mac address='52:54:00:ab:34:56'/>
      <source bridge='br0'/>
      <bandwidth><inbound average='1000' peak='5000' burst='5120'/><outbound average='128'/></bandwidth>
      <vlan trunk='yes'><tag id='42'/><tag id='47' nativeMode='untagged'/></vlan>
      <link state='up'/>
      <guest dev='eth0'/>
      <ip address='192.168.122.5' family='ipv4' prefix='24'/>
      <ip address='2001:db8::5' prefix='64'/>
      <route family='ipv4' address='0.0.0.0' gateway='192.168.122.1' metric='3'/>
    </interface>
    <interface type='network'><source network='default'/><target dev='vnet1'/></interface>
    <interface type='direct'><source dev='eth1' mode='macvlan'/></interface>
    <interface type='ethernet'><source><ip address='10.0.0.1' family='ipv4'/></source><target dev='ve0'/></interface>
    <hostdev mode='capabilities' type='misc'><source><char>/dev/input/event3</char></source></hostdev>
    <hostdev mode='capabilities' type='storage'><source><block>/dev/sdf1</block></source></hostdev>
    <hostdev mode='capabilities' type='net'><source><interface>eth0</interface></source></hostdev>
    <disk type='block' device='disk'><source dev='/dev/sdb'/><target dev='vdb' bus='virtio'/></disk>
    <console type='pty'><target type='lxc' port='0'/></console>
  </devices>
  <seclabel type='dynamic' model='selinux' relabel='yes'/>
  <later><thing deep='1'>x</thing></later>
  <lxc:namespace>
    <lxc:sharenet type='netns' value='red'/>
    <lxc:shareipc type='pid' value='12345'/>
    <lxc:shareuts type='name' value='container1'/>
  </lxc:namespace>
</domain>
<!-- tail -->
`;

const devices = [
  "<filesystem type='mount'> <source dir='/some/directory'/> <target dir='/'/> </filesystem>",
  '<filesystem type="template"><source name="fedora9web"/><target dir="/"/><quota type="size" max="10000"/><quota type="inodes" max="200000"/></filesystem>',
  "<filesystem type='dataset'><source name='export/foo'/></filesystem>",
  "<interface type='ethernet'><mac address='52:54:0:AB:34:56'/><ip address='10.0.0.2' peer='10.0.0.1'/></interface>",
  "<hostdev mode='capabilities' type='misc'><source><char>/dev/net/tun</char></source></hostdev>",
];

const network = `<network ipv6='yes' xmlns:dnsmasq='http://libvirt.org/schemas/network/dnsmasq/1.0'>
  <name>inside</name>
  <uuid>81ff0d90c91e674264da4a736edb9a9b</uuid>
  <title>Inside</title>
  <metadata><a:b xmlns:a='urn:a'/></metadata>
  <forward dev='eth1' mode='nat'>
    <nat ipv6='yes'><address start='203.0.113.1' end='203.0.113.3'/><port start='1024' end='65535'/></nat>
    <interface dev='eth1'/>
  </forward>
  <bridge name='virbr1' stp='on' delay='0' macTableManager='kernel'/>
  <mtu size='9000'/><mac address='52:54:00:17:3F:37'/>
  <domain name='example.com' localOnly='yes' register='yes'/>
  <dns forwardPlainNames='yes'>
    <forwarder domain='example.org' addr='2001:db8::53'/>
    <txt name='example' value='a &quot;text&quot;'/>
    <srv service='ldap' protocol='tcp' domain='example.com' target='ldap' port='389' priority='1' weight='2'/>
    <host ip='192.168.122.2'><hostname>gateway</hostname><hostname>host</hostname></host>
  </dns>
  <bandwidth><inbound average='1000' peak='5000' burst='5120'/></bandwidth>
  <port isolated='yes'/>
  <!-- subnets -->
  <ip address='192.168.122.1' netmask='255.255.255.0' localPtr='yes'>
    <tftp root='/srv/tftp'/>
    <dhcp>
      <range start='192.168.122.2' end='192.168.122.254'><lease expiry='12' unit='hours'/></range>
      <host mac='00:16:3e:77:e2:ed' name='a.example.com' ip='192.168.122.10'><lease expiry='0'/></host>
      <bootp file='pxeboot.img' server='192.0.2.4'/>
    </dhcp>
  </ip>
  <ip family='ipv6' address='2001:db8::1' prefix='64'>
    <dhcp><host id='0:3:0:1:0:16:3e:11:22:33' name='b' ip='2001:db8::9'/></dhcp>
  </ip>
  <route address='192.168.222.0' prefix='24' gateway='192.168.122.10' metric='2'/>
  <portgroup name='slow' default='yes'><bandwidth><outbound average='10'/></bandwidth></portgroup>
  <later/>
  <dnsmasq:options><dnsmasq:option value='cname=*.example.com,web.example.com'/></dnsmasq:options>
</network>
`;

const links = `<network>
  <name>cards</name>
  <forward mode='hostdev' managed='yes'>
    <driver name='vfio'/>
    <address type='pci' domain='0x0000' bus='3' slot='010' function='0x1'/>
  </forward>
  <vlan trunk='yes'><tag id='42'/><tag id='47' nativeMode='untagged'/></vlan>
  <virtualport type='802.1Qbg'><parameters managerid='11' typeid='0x12' typeidversion='2'/></virtualport>
</network>
`;

const filter = `<filter name='own' chain='ipv4-own' priority='-650'>
  <uuid>83011800-f663-96d6-8841-fd836b4318c6</uuid>
  <!-- in their order -->
  <filterref filter='no-mac-spoofing'><parameter name='IP' value='10.1.2.3'/></filterref>
  <rule action='accept' direction='out' priority='-500' statematch='false'>
    <ip match='no' srcmacaddr='1:2:3:4:5:6' srcipaddr='$IP[@1]' srcipmask='255.255.0.0' protocol='17' dstportstart='0x43'/>
  </rule>
  <filterref filter='allow-arp'/>
  <rule action='drop' direction='inout'/>
  <rule action='reject' direction='in'><stp root-priority='0x1' root-cost='5' root-cost-hi='7'/></rule>
  <rule action='return' direction='in'>
    <tcp-ipv6 srcipaddr='2001:DB8::' srcipmask='ffff:ffff::' connlimit-above='5' state='NEW' flags='SYN,ACK/SYN'/>
  </rule>
</filter>
`;

/** Whole documents first, then single devices. */
export const samples: readonly string[] = [
  proposal2007,
  small,
  full,
  full,
  network,
  links,
  filter,
  ...devices,
];
