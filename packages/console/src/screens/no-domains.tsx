// What stands where there are no domains yet: how to get the first.
// SPDX-License-Identifier: Apache-2.0
import { Command, Empty } from '../parts/frame.js';
import { Link } from '../router.js';
import { texts } from '../texts.js';

/** The next step of one who has just begun. */
export const NoDomains = () => (
  <Empty icon="domains" title={texts.domains.empty} why={texts.domains.emptyWhy}>
    <div class="steps">
      {texts.domains.emptyNext.map(([what, line]) => (
        <div key={line} class="field">
          <span>{what}</span>
          <Command line={line} />
        </div>
      ))}
      <Link href="/define">{texts.define.open}</Link>
      <Link href="/adopt">{texts.takeOver.title}</Link>
    </div>
  </Empty>
);
