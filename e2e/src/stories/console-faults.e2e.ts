// Forty faulty documents in the web console's editor: each fault where `ctvirt xml validate` has it.
// SPDX-License-Identifier: Apache-2.0
/// <reference lib="dom" />
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { Chromium } from '../world/browser.js';
import { domainXml } from '../world/documents.js';
import { waitFor } from '../world/wait.js';
import { World } from '../world/world.js';

let world: World;
let chromium: Chromium;
let page: Page;

const sound = `<domain type='lxc'>
  <name>papers</name>
  <title>Old</title>
  <memory unit='MiB'>64</memory>
  <vcpu>1</vcpu>
  <cputune>
    <shares>100</shares>
  </cputune>
  <os>
    <type>exe</type>
    <init>/bin/sh</init>
  </os>
  <on_crash>restart</on_crash>
  <devices>
    <filesystem type='template'>
      <source name='busybox'/>
      <target dir='/'/>
    </filesystem>
    <interface type='bridge'>
      <mac address='52:54:00:11:22:33'/>
      <source bridge='br0'/>
    </interface>
    <console type='pty'/>
  </devices>
</domain>
`;

/** What of the sound one is written otherwise. */
const faults: readonly (readonly [from: string, to: string])[] = [
  // No XML
  ['</domain>', ''],
  ['</domain>', '</domian>'],
  ['<title>', '<title'],
  ["type='lxc'", 'type=lxc'],
  ["type='lxc'", "type='lxc"],
  ["type='lxc'", "type='lxc' type='openvz'"],
  ['Old', '&nbsp;'],
  ['Old', 'R&D'],
  ['Old', '<![CDATA[Old'],
  ['Old', '<!-- Old'],
  ['Old', '&#0;'],
  ['Old', 'a\u0001b'],
  ["<domain type='lxc'>", "<!DOCTYPE domain [<!ENTITY a 'b'>]><domain type='lxc'>"],
  ['</domain>', '</domain><domain/>'],
  ['</domain>', '</domain>text'],
  [sound, ''],
  [sound, 'no XML at all'],
  [sound, '<pool><name>other</name></pool>'],
  // XML, and no such document
  ["type='lxc'", "type='xen:x y'"],
  ["type='lxc'", ''],
  ['  <name>papers</name>\n', ''],
  ['papers', ''],
  ['Old', 'two\nlines'],
  ["unit='MiB'", "unit='parsec'"],
  ['>64<', '>much<'],
  ['>64<', '>-1<'],
  ['>64<', '>99999999999999999999<'],
  ['<vcpu>1', '<vcpu>tow'],
  ['<vcpu>1', '<vcpu>0'],
  ['<shares>100', '<shares>few'],
  ["<source bridge='br0'/>", "<source bridge='br0'/><ip address='1.2.3'/>"],
  ['>restart<', '>maybe<'],
  ["type='template'", "type='cloud'"],
  ["dir='/'", ''],
  ['52:54:00:11:22:33', '52:54:00:11:22'],
  ["type='bridge'", "type='carrier-pigeon'"],
  ["bridge='br0'", ''],
  // Where places are counted otherwise
  ['Old</title>', '\u{1F600}\u{1F600}</title><vcpu>tow</vcpu>'],
  ['  <vcpu>1', '\t\t<!-- \u202Ea\u0301\u00e9 --><vcpu>tow'],
  ['<vcpu>1</vcpu>', '<vcpu\n\n   placement=\n"nowhere">1</vcpu>'],
];

before(async () => {
  world = await World.open();
  await world.define(domainXml({ name: 'papers' }));
  chromium = await Chromium.open(world);
  page = (await chromium.enter('admin')).pages()[0] ?? assert.fail('no page is open');
  await page.goto(`${chromium.url}/domains/papers/document`);
  await page.locator('.cm-content').waitFor();
});
after(async () => {
  await chromium.close();
  await world.clearKept();
  await world.close();
});

interface Checked {
  readonly findings: readonly {
    readonly severity: string;
    readonly line: number;
    readonly column: number;
    readonly message: string;
  }[];
}

/** What the command line finds in each, as the page tells it. */
async function faultsIn(texts: readonly string[]): Promise<string[][]> {
  const files = texts.map((_, at) => `${world.host}/${at}.xml`);
  await Promise.all(texts.map((text, at) => writeFile(files[at] ?? '', text)));
  const { stdout } = await world.cli(['xml', 'validate', '--json', ...files]);
  const all: readonly Checked[] = JSON.parse(stdout);
  return all.map(({ findings }) =>
    findings
      .filter(({ severity }) => severity === 'error')
      .map(({ line, column, message }) => `${line > 0 ? `${line}:${column}` : '–'} ${message}`)
      .sort(),
  );
}

const shown = (): Promise<string[]> =>
  page
    .locator('.findings .error button')
    .evaluateAll((all) =>
      all.map((one) => [...one.querySelectorAll('span')].map((span) => span.textContent).join(' ')).sort(),
    );

test('40 faulty documents have their faults at the lines and columns of ctvirt xml validate', async () => {
  assert.equal(faults.length, 40);
  const texts = faults.map(([from, to]) => sound.replace(from, () => to));
  const [none, ...told] = await faultsIn([sound, ...texts]);
  assert.deepEqual(none, []);
  const differ: unknown[] = [];
  for (const [at, text] of texts.entries()) {
    const wanted = told[at] ?? [];
    assert.ok(wanted.length > 0, `no fault in ${text}`);
    await page.locator('.cm-content').focus();
    await page.keyboard.press('Control+a');
    // Else Chromium itself edits what is marked, with styles of its own, which the policy refuses.
    await page.keyboard.press('Delete');
    await page.keyboard.insertText(text);
    let seen: string[] = [];
    const isSame = async () => JSON.stringify((seen = await shown())) === JSON.stringify(wanted);
    await waitFor('its faults', isSame).catch(() => differ.push({ text, seen, wanted }));
  }
  assert.deepEqual(differ, []);
  assert.deepEqual(chromium.faults, []);
});
