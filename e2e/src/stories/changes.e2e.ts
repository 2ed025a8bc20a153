// A change of a running domain is told to every listener, whichever frontend made it.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import type { DomainEvent } from '@ctvirt/api';
import { run } from '../world/command.js';
import { domainXml } from '../world/documents.js';
import { waitFor } from '../world/wait.js';
import { World } from '../world/world.js';

let world: World;
before(async () => {
  world = await World.open();
});
after(() => world.close());

/** What virsh is told of a domain. */
function virshHears(domain: string) {
  const argv = ['-c', world.uri('ctvirt'), 'event', domain, '--all', '--loop'];
  const virsh = spawn('virsh', argv, { stdio: ['ignore', 'pipe', 'inherit'], env: process.env });
  const ended = once(virsh, 'exit');
  let text = '';
  virsh.stdout.setEncoding('utf8').on('data', (more: string) => {
    text += more;
  });
  return {
    lines: () => text.split('\n').filter((line) => line.startsWith('event')),
    end: async () => {
      virsh.kill('SIGINT');
      await ended;
    },
  };
}

function httpHears() {
  const events: DomainEvent[] = [];
  const stop = new AbortController();
  const reading = (async () => {
    for await (const event of await world.client.events.watch({}, { signal: stop.signal }))
      if (event.event !== 'gap') events.push(event);
  })().catch((error: unknown) => {
    if (!stop.signal.aborted) throw error;
  });
  return {
    changes: () => events.flatMap((told) => (told.event === 'changed' ? told.changes : [])),
    end: async () => {
      stop.abort();
      await reading;
    },
  };
}

/** By each door, with the words in which both listeners are told of it. */
const doors: readonly {
  readonly name: string;
  readonly change: () => Promise<unknown>;
  readonly virsh?: RegExp;
  readonly http: object;
}[] = [
  {
    name: 'ctvirt set',
    change: () => world.cli(['set', 'told', '--cpuunits', '2000', '--live']),
    virsh: /^event 'tunable' for domain '?told'?/,
    http: { what: 'parameters', keys: ['CPUUNITS'] },
  },
  {
    name: 'HTTP',
    change: () =>
      world.client.domains.setParameters({
        domain: 'told',
        body: { values: { NUMPROC: '77:77' }, live: true },
      }),
    http: { what: 'parameters', keys: ['NUMPROC'] },
  },
  {
    name: 'virsh setmem',
    change: () => virsh('setmem', 'told', '100000', '--live'),
    virsh: /^event 'balloon-change' for domain '?told'?: (actual: )?100000/,
    http: { what: 'memory', currentKiB: 100_000 },
  },
  {
    name: 'virsh schedinfo',
    change: () => virsh('schedinfo', 'told', '--set', 'vcpu_quota=50000', '--live'),
    virsh: /^event 'tunable' for domain '?told'?/,
    http: { what: 'tunable', values: { 'cputune.vcpu_quota': 50_000 } },
  },
  {
    name: 'virsh desc --config',
    change: () => virsh('desc', 'told', '--config', 'words'),
    virsh: /^event 'metadata-change' for domain '?told'?: (type )?description/,
    http: { what: 'metadata', kind: 'description', uri: null },
  },
  {
    name: 'virsh attach-device',
    change: () => virsh('attach-device', 'told', `${world.host}/link.xml`, '--live'),
    virsh: /^event 'device-added' for domain '?told'?: told0/,
    http: { what: 'device-added', alias: 'told0' },
  },
  {
    name: 'virsh detach-device',
    change: () => virsh('detach-device', 'told', `${world.host}/link.xml`, '--live'),
    virsh: /^event 'device-removed' for domain '?told'?: told0/,
    http: { what: 'device-removed', alias: 'told0' },
  },
];

async function virsh(...words: readonly string[]) {
  const outcome = await run(['virsh', '-c', world.uri('ctvirt'), ...words]);
  assert.equal(outcome.status, 0, outcome.stderr);
}

test('a change is told to every listener, whoever made it', async (t) => {
  await writeFile(
    `${world.host}/link.xml`,
    "<interface type='ethernet'><mac address='52:54:00:11:22:33'/><target dev='told0'/><ip address='192.168.7.90'/></interface>",
  );
  await world.run(domainXml({ name: 'told', more: "<memory unit='KiB'>131072</memory>" }));
  const [libvirt, http] = [virshHears('told'), httpHears()];
  try {
    // Listening begins at some time: a change that changes only words shows when.
    for (let words = 0; libvirt.lines().length === 0 || http.changes().length === 0; words++) {
      assert.ok(words < 50, 'nobody hears anything');
      await virsh('desc', 'told', '--config', `listening ${words}`);
    }
    for (const door of doors)
      await t.test(door.name, async () => {
        const [lines, changes] = [libvirt.lines().length, http.changes().length];
        await door.change();
        await waitFor('HTTP to hear', () =>
          http
            .changes()
            .slice(changes)
            .some((change) => JSON.stringify(change) === JSON.stringify(door.http)),
        );
        const { virsh: heard } = door;
        if (heard !== undefined)
          await waitFor('virsh to hear', () =>
            libvirt
              .lines()
              .slice(lines)
              .some((line) => heard.test(line)),
          );
      });
    const [before, heard] = [http.changes().length, libvirt.lines().length];
    await virsh('schedinfo', 'told', '--set', 'vcpu_quota=50000', '--live');
    await virsh('suspend', 'told');
    await waitFor('what follows', () => libvirt.lines().length > heard);
    assert.equal(libvirt.lines().length, heard + 1, 'what changes nothing is not told');
    assert.equal(http.changes().length, before);
    await virsh('resume', 'told');
  } finally {
    await Promise.all([libvirt.end(), http.end()]);
  }
  await world.clear();
});
