// From the start of a network to the first answer of its DHCP server, here and with libvirt's own network driver.
// SPDX-License-Identifier: Apache-2.0
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { byTurns, median, ms } from '../measure.mjs';
import { python, uriOf, withLibvirt, withTemplate } from './sides.mjs';

const exec = promisify(execFile);
const reach = 0.7;
const mac = '52:54:00:0a:5f:02';
/**
 * libvirt's NAT needs iptables, so the network is open; and neither side is to wait for the spanning tree. An address that is kept
 * for the client is offered at once, without asking whether somebody has it.
 */
const network = `<network><name>asked</name><forward mode='open'/><bridge name='ctbasked' stp='off' delay='0'/>
  <ip address='10.95.0.1' prefix='24'><dhcp><range start='10.95.0.2' end='10.95.0.99'/>
  <host mac='${mac}' ip='10.95.0.2'/></dhcp></ip></network>`;

/** Its link is plugged into the bridge as soon as the call has returned; then it asks every millisecond. */
const script = `
import fcntl, json, libvirt, random, select, socket, struct, sys, time
uri, xml, mac = sys.argv[1:]
connection = libvirt.open(uri)
network = connection.networkDefineXML(xml)
mac = bytes.fromhex(mac.replace(':', ''))
probe = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0800))
probe.bind(('ctbprobe1', 0))
control = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
number = random.randrange(1 << 32)
dhcp = struct.pack('!4BLHH16s16s192x4s', 1, 1, 6, 0, number, 0, 0x8000, bytes(16), mac + bytes(10), bytes.fromhex('63825363'))
dhcp += bytes([53, 1, 1, 255]) + bytes(60)
udp = struct.pack('!4H', 68, 67, 8 + len(dhcp), 0) + dhcp
def header(check):
    return struct.pack('!BBHHHBBH4s4s', 0x45, 0, 20 + len(udp), 0, 0, 64, 17, check, bytes(4), b'\\xff' * 4)
total = sum(struct.unpack('!10H', header(0)))
total = (total & 0xffff) + (total >> 16)
frame = b'\\xff' * 6 + mac + b'\\x08\\x00' + header(~(total + (total >> 16)) & 0xffff) + udp
def port(call):
    fcntl.ioctl(control, call, struct.pack('16si20x', b'ctbasked', socket.if_nametoindex('ctbprobe0')))
began = time.perf_counter()
network.create()
started = time.perf_counter()
port(0x89a2)
while True:
    if time.perf_counter() - began > 20: raise SystemExit('no answer')
    probe.send(frame)
    if not select.select([probe], [], [], 0.001)[0]: continue
    answer = probe.recv(2048)
    if len(answer) > 50 and answer[23] == 17 and answer[34:36] == b'\\x00\\x43' and answer[46:50] == struct.pack('!L', number): break
ended = time.perf_counter()
port(0x89a3)
network.destroy()
network.undefine()
print(json.dumps({'whole': (ended - began) * 1e3, 'call': (started - began) * 1e3}))
`;

/** @param {readonly string[]} through */
async function makeProbe(through) {
  for (const words of [
    `link add ctbprobe0 type veth peer name ctbprobe1 address ${mac}`,
    'link set ctbprobe0 up',
    'link set ctbprobe1 up',
  ]) {
    const [file, ...args] = [...through, 'ip', ...words.split(' ')];
    await exec(file, args);
  }
}

/** @type {import('../measure.mjs').Row} */
export const dhcp = {
  name: 'dhcp',
  run: ({ note, rounds = 20 }) =>
    withTemplate((daemon) =>
      withLibvirt(async (theirUri, inside) => {
        await makeProbe([]);
        try {
          await makeProbe(inside);
          /** @type {Record<'ours' | 'theirs', number[]>} */
          const calls = { ours: [], theirs: [] };
          /** @type {(side: 'ours' | 'theirs', uri: string, through: readonly string[]) => () => Promise<number>} */
          const side = (name, uri, through) => async () => {
            const { whole, call } = await python(through, script, uri, network, mac);
            calls[name].push(call);
            return whole;
          };
          const times = await byTurns(
            rounds,
            { ours: side('ours', uriOf(daemon), []), theirs: side('theirs', theirUri, inside) },
            note,
          );
          const [ours, theirs] = [median(times.ours), median(times.theirs)];
          return [
            {
              what: `net-start to the first DHCP answer, median of ${rounds}, against libvirt's network driver`,
              ours: ms(ours),
              theirs: ms(theirs),
              ratio: ours / theirs,
              reach: `≤ ${reach} ×`,
              ok: ours / theirs <= reach,
              times,
            },
            {
              what: 'net-start alone: network.create() of libvirt-python',
              ours: ms(median(calls.ours)),
              theirs: ms(median(calls.theirs)),
              ratio: median(calls.ours) / median(calls.theirs),
            },
          ];
        } finally {
          await exec('ip', ['link', 'delete', 'ctbprobe0']);
        }
      }),
    ),
};
