// What the bundler takes beside scripts.
// SPDX-License-Identifier: Apache-2.0
declare module '*.css';
