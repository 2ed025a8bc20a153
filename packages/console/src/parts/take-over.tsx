// What adoption and conversion have in common: their head, and the two ways between which one chooses.
// SPDX-License-Identifier: Apache-2.0
import { Link } from '../router.js';
import { texts } from '../texts.js';
import { Head } from './frame.js';

const words = texts.takeOver;
const ways = [
  ['adopt', '/adopt'],
  ['convert', '/adopt/convert'],
] as const;

/** The head of both screens; `at` is the one that is shown. */
export const TakeOverHead = ({ at }: { readonly at: (typeof ways)[number][0] }) => (
  <>
    <Head title={words.title} />
    <nav class="tabs" aria-label={words.tabs.label}>
      {ways.map(([way, href]) => (
        <Link key={way} href={href} aria-current={way === at ? 'page' : undefined}>
          {words.tabs[way]}
        </Link>
      ))}
    </nav>
  </>
);
