// The guides as a reader follows them, one after the other on the same host.
// SPDX-License-Identifier: Apache-2.0
import { after, afterEach, before, test } from 'node:test';
import { guides, Reader } from '../world/guide.js';
import { makeOldHosts } from '../world/old-hosts.js';
import { busybox, World } from '../world/world.js';

let world: World;
let reader: Reader;
let removeOldHosts: () => Promise<void>;
before(async () => {
  world = await World.open();
  reader = await Reader.at(world);
  removeOldHosts = await makeOldHosts(world);
});
after(async () => {
  await world.eraseNetworks();
  await removeOldHosts();
  await world.close();
});

/** What a command must print, beside that it works. */
const prints: Readonly<Record<string, RegExp>> = {
  'ip route get 192.0.2.10': /^192\.0\.2\.10 dev /,
  'ctvirt exec web -- ip address show eth0': /192\.0\.2\.10[\s\S]*2001:db8::10/,
  'ctvirt network info default': /Autostart: +yes[\s\S]*Forward: +nat/,
  'ctvirt network leases default': /192\.168\.\d+\.\d+\/24 .* shop /,
  'ctvirt exec shop -- ip address show eth0': /inet 192\.168\./,
  'ctvirt exec shop -- ip route': /^default via 192\.168\.\d+\.1 /m,
  'ctvirt network list': /^ default +active +yes /m,
  'ctvirt network leases lan': /10\.77\.0\.5\/24 +52:54:00:77:00:05 +db /,
  'ctvirt exec db -- ip address show eth0': /inet 10\.77\.0\.5\/24/,
  'ctvirt exec app -- nslookup db.lan.example': /10\.77\.0\.5/,
  'ctvirt exec app -- nslookup gateway.lan.example': /10\.77\.0\.1/,
  'ctvirt exec shop -- nslookup shop': /Address: 192\.168\./,
  'ctvirt exec app -- ip address show eth0': /inet 10\.77\.0\.7\/24/,
  'ctvirt exec app -- ip route': /default via 192\.168\./,
  'ctvirt network leases public': /203\.0\.113\.66\/28 .* site [\s\S]*2001:db8:77::1\S+\/64 /,
  'ctvirt exec site -- ip route': /^default via 203\.0\.113\.65 /m,
  'ctvirt network info backstage': /Active: +yes[\s\S]*Forward: +none/,
  'ctvirt filter list': /^ clean-traffic +ctvirt +root /m,
  'ctvirt filter bindings': / clean +eth0 +no-mail /,
  'ctvirt exec desk -- ip address show eth0': /inet 198\.51\.100\.20\/24/,
};

afterEach(async () => {
  const { domains } = world.client;
  // Where a page stopped halfway one may be there that was adopted, whose files nobody erases.
  for (const { name, uuid } of await domains.list())
    await world.erase(name).catch(() => domains.undefine({ domain: uuid }));
  await world.enclosure.run(['ip', 'link', 'delete', 'br0']); // where a page made one
});

test('first-hour.md', async () => {
  await world.client.templates.remove({ template: busybox }); // the page builds it
  await reader.follow('first-hour.md');
});

/**
 * Install is walked by npm run test:fresh, on a machine of its own, templates with images in its story, and those of two hosts in theirs;
 * the others have tests of their own here.
 */
const apart = ['backup.md', 'install.md', 'moving.md', 'templates.md', 'first-hour.md', 'networks.md'];
for (const page of guides()) if (!apart.includes(page)) test(page, () => reader.follow(page));

test('networks.md', async () => {
  await reader.follow('networks.md', prints);
  await world.eraseAll();
  await world.client.filters.undefine({ filter: 'no-mail' });
  await world.eraseNetworks();
});
