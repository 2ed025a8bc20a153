// How fast a container's link is either way, as a download over it takes its time.
// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { hostAddress } from '../world/enclosure.js';
import { waitFor } from '../world/wait.js';
import type { World } from '../world/world.js';

const KiB = 1024;
const sizeKiB = 600;
/** What the links of these stories let pass at first, whatever their rate. */
export const burstKiB = 64;

/** In KiB a second, of what the domain's own server sends to the host. */
export async function outboundRate(world: World, domain: string, address: string): Promise<number> {
  await world.shell(domain, `dd if=/dev/zero of=/srv/www/large bs=${KiB} count=${sizeKiB} 2>/dev/null`);
  return await rateOf(() => download(world, `http://${address}/large`));
}

/** In KiB a second, of what the domain gets from the host. */
export async function inboundRate(world: World, domain: string): Promise<number> {
  const folder = `${world.host}/www`;
  await mkdir(folder);
  await writeFile(`${folder}/small`, '');
  await writeFile(`${folder}/large`, ' '.repeat(sizeKiB * KiB));
  const place = `${hostAddress.v4}:8080`;
  const [file = '', ...args] = world.enclosure.argv('busybox', 'httpd', '-f', '-p', place, '-h', folder);
  const server = spawn(file, args, { stdio: 'ignore' });
  try {
    await waitForPage(world, `http://${place}/small`);
    return await rateOf(() => world.shell(domain, `wget -qO /dev/null http://${place}/large`));
  } finally {
    server.kill();
  }
}

export const waitForPage = (world: World, url: string): Promise<true> =>
  waitFor(
    `a page at ${url}`,
    () =>
      download(world, url).then(
        () => true as const,
        () => false,
      ),
    30_000,
  );

const download = (world: World, url: string) =>
  world.enclosure.output('busybox', 'wget', '-qO', '/dev/null', url);

async function rateOf(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return (sizeKiB - burstKiB) / ((performance.now() - began) / 1000);
}
