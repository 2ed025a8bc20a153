// What the tests of other packages use of this one.
// SPDX-License-Identifier: Apache-2.0
export { closed } from './closed.js';
export { strictClient } from './strict-client.js';
export { until } from './until.js';
