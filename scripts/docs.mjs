// `npm run docs` makes the site of guides and references in dist/docs: plain files, for any web server or none.
// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import { buildSite } from './docs/build.mjs';
import { root } from './setup.mjs';

const out = join(root, 'dist/docs');
const { pages, assets } = buildSite(out);
console.log(`${pages.length} pages and ${assets.length} other files: ${join(out, 'index.html')}`);
