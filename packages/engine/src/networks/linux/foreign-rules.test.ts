// Rules as other programs write them, in a namespace of their own.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { beforeEach, test } from 'node:test';
import { bridgePlan } from '../../testing/network-plan.js';
import { isInOwnNetwork } from '../../testing/own-namespace.js';
import { foreignRemarks } from './foreign-rules.js';

const docker = `table ip filter {
  chain DOCKER-USER { counter return
  }
  chain FORWARD { type filter hook forward priority filter; policy drop;
    counter jump DOCKER-USER
    oifname "docker0" ct state related,established counter accept
    iifname "docker0" counter accept
  }
  chain INPUT { type filter hook input priority filter; policy accept;
  }
}`;
const firewalld = (more = '') => `table inet firewalld {
  chain filter_FORWARD { type filter hook forward priority filter + 10; policy accept;
    ct state { established, related } accept
    iifname "lo" accept
    jump zones
    ct state invalid drop
    reject with icmpx admin-prohibited
  }
  chain zones { ${more}
    iifname "eth0" accept
  }
}`;
const ufw = (more = '') => `table ip filter {
  chain ufw-user-input { ${more}
    tcp dport 22 accept
  }
  chain INPUT { type filter hook input priority filter; policy drop;
    jump ufw-user-input
  }
}
table ip6 filter {
  chain INPUT { type filter hook input priority filter; policy drop;
  }
}`;
const harmless = `table inet mine {
  chain forward { type filter hook forward priority 0; policy drop;
    iifname "eth9" drop
    counter accept
  }
  chain output { type filter hook output priority 0; policy drop;
  }
  chain nat { type nat hook postrouting priority srcnat; policy accept;
  }
}`;

if (isInOwnNetwork(import.meta.url)) {
  const load = (rules: string): void => void execFileSync('nft', ['-f', '-'], { input: rules });
  beforeEach(() => load('flush ruleset'));
  const remarks = (given = {}) => foreignRemarks(bridgePlan(given));

  test('a host without rules, and rules that drop nothing of ours', async () => {
    assert.deepEqual(await remarks(), []);
    load(harmless);
    assert.deepEqual(await remarks(), []);
  });

  test('Docker drops what it does not know, until it is told', async () => {
    load(docker);
    assert.deepEqual(await remarks(), [
      'Docker drops what virbr7 forwards in its chain FORWARD: let it pass by iptables -I DOCKER-USER -i virbr7 -j ACCEPT and iptables -I DOCKER-USER -o virbr7 -j ACCEPT',
    ]);
    assert.deepEqual(await remarks({ forward: { mode: 'none' } }), []);
    load('insert rule ip filter DOCKER-USER iifname "virbr7" accept');
    assert.deepEqual(await remarks(), []);
    load(`flush ruleset; ${docker}`);
    load('insert rule ip filter FORWARD iifname "virbr*" accept');
    assert.deepEqual(await remarks(), []);
    load(`flush ruleset; ${docker}`);
    load('insert rule ip filter DOCKER-USER counter accept');
    assert.deepEqual(await remarks(), [], 'whatever it is');
  });

  test('firewalld rejects at the end', async () => {
    load(firewalld());
    const [remark, ...more] = await remarks();
    assert.match(
      remark ?? '',
      /^firewalld drops what virbr7 forwards .* --zone=trusted --add-interface=virbr7/,
    );
    assert.deepEqual(more, []);
    load(`flush ruleset; ${firewalld('iifname { "virbr7", "eth1" } accept')}`);
    assert.deepEqual(await remarks(), []);
    load(`flush ruleset; ${firewalld('iifname vmap { "virbr7" : accept }')}`);
    assert.deepEqual(await remarks(), []);
  });

  test('a link may stand in a set', async () => {
    load(firewalld('iifname @known accept').replace('chain', 'set known { type ifname; }\nchain'));
    assert.equal((await remarks()).length, 1);
    load('add element inet firewalld known { "virbr7" }');
    assert.deepEqual(await remarks(), []);
  });

  test('ufw lets nobody ask the host for an address', async () => {
    load(ufw());
    const asked = 'DHCP and DNS on virbr7';
    assert.deepEqual(await remarks({ forward: { mode: 'none' } }), [
      `ufw drops what members ask of this host (${asked}) in its chain INPUT: let it pass by ufw allow in on virbr7`,
    ]);
    assert.deepEqual(await remarks({ addresses: [] }), []);
    load(`flush ruleset; ${ufw('udp dport { 53, 67 } accept')}`);
    assert.deepEqual(await remarks(), []);
  });
}
