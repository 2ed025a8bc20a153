// What the fuzz targets of other packages share with those of this one.
// SPDX-License-Identifier: Apache-2.0
export { mutateBytes, mutateStrings, oddTexts } from './mutate.js';
export { Random } from './random.js';
