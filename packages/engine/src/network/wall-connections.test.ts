// Connections of each link are as many as they may be, whatever its container begins, on the kernel itself.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { run } from '../host/run.js';
import { linkPlan } from '../testing/link-plan.js';
import { type LinkRules, wallElements } from './wall-elements.js';
import { ruleset } from './wall-rules.js';

const needsRoot = process.getuid?.() === 0 ? false : 'namespaces of its own are for root';
const rules: LinkRules = { programOf: () => undefined, isOpen: false, counts: () => true };

/** Two machines begin 300 flows of UDP each to the host, one by a link of its own and one by a bridge, then one that nobody counts. */
const flooding = `
exec 2>&1
ip link set lo up
machine() {
  unshare --net sleep 60 & eval "$1=$!"
  eval "while [ \\$(readlink /proc/\\$$1/ns/net) = $(readlink /proc/self/ns/net) ]; do sleep 0.1; done"
}
machine routed; machine member; machine stranger
trap 'kill $routed $member $stranger' EXIT
ip link add br0 type bridge && ip link set br0 up && ip address add 10.9.0.1/24 dev br0
ip link add cv1.0 type veth peer name eth0 address 52:54:00:00:00:01 netns $routed
ip link add cv2.0 type veth peer name eth0 address 52:54:00:00:00:02 netns $member
ip link add other type veth peer name eth0 address 52:54:00:00:00:03 netns $stranger
ip link set cv2.0 master br0 up; ip link set other master br0 up
ip link set cv1.0 up; ip address add 10.9.1.1/24 dev cv1.0
inside() { who=$1; shift; nsenter --net=/proc/$who/ns/net -- "$@"; }
inside $routed sh -ec 'ip link set eth0 up; ip address add 10.9.1.2/24 dev eth0'
inside $member sh -ec 'ip link set eth0 up; ip address add 10.9.0.2/24 dev eth0'
inside $stranger sh -ec 'ip link set eth0 up; ip address add 10.9.0.3/24 dev eth0'
nft --file -
for to in "$routed 10.9.1.1" "$member 10.9.0.1" "$stranger 10.9.0.1"; do
  set -- $to
  inside $1 bash -c "for port in {2000..2299}; do echo x > /dev/udp/$2/\\$port; done" 2>/dev/null || true
done
for address in 10.9.1.2 10.9.0.2 10.9.0.3; do
  echo "$address $(grep -c "src=$address dst" /proc/net/nf_conntrack || true)"
done
nft list chain inet ctvirt-test connections
`;

test('a flood from one link leaves room for the others', { skip: needsRoot }, async () => {
  const address = (text: string) => ({ address: text, prefix: 24, family: 4 as const });
  const links = [
    linkPlan({ hostName: 'cv1.0', mac: '52:54:00:00:00:01', addresses: [address('10.9.1.2')] }),
    linkPlan({
      ...{ kind: 'bridge', parent: 'br0', hostName: 'cv2.0', mac: '52:54:00:00:00:02' },
      addresses: [address('10.9.0.2')],
    }),
  ];
  const input = ruleset('ctvirt-test', wallElements(links, rules), { connections: 50 });
  const { stdout } = await run(['/usr/bin/unshare', '--net', '--', '/bin/bash', '-e', '-c', flooding], {
    input,
  });
  assert.match(stdout, /^10\.9\.1\.2 50$/m);
  assert.match(stdout, /^10\.9\.0\.2 50$/m);
  assert.match(stdout, /^10\.9\.0\.3 300$/m);
  assert.deepEqual(stdout.match(/counter packets 250 /g)?.length, 2);
  // Nothing tracks connections for links that are not counted.
  assert.doesNotMatch(ruleset('ctvirt-test', wallElements(links), { connections: 50 }), /\bct state/);
  assert.deepEqual(
    wallElements([linkPlan({ isTrusted: true })], rules).map(({ set }) => set),
    [],
  );
});
