// The figures of the code base, each with its goal and with the places it counts.
// SPDX-License-Identifier: Apache-2.0
import { duplicateRuns } from './duplicates.mjs';
import { againstFloors, arrowsOf, knotsOf } from './graph.mjs';
import { readSources } from './sources.mjs';
import { assertions, documented, longFunctions } from './syntax.mjs';

const MOST_FUNCTION_LINES = 80;
/** Half of what the first run counted. */
const MOST_DUPLICATES = 24;

/**
 * @typedef {import('./sources.mjs').Source} Source
 * @typedef {object} Figure
 * @property {string} name
 * @property {number | string} now
 * @property {string} goal
 * @property {boolean} isMet
 * @property {readonly string[]} where
 */

/**
 * A figure that is better the lower it is.
 *
 * @param {string} name
 * @param {number} now
 * @param {number} goal
 * @param {readonly string[]} [where]
 * @returns {Figure}
 */
const most = (name, now, goal, where = []) => ({ name, now, goal: `<= ${goal}`, isMet: now <= goal, where });

/** @returns {Figure[]} */
export function figures() {
  const sources = readSources();
  const engine = sources.filter((source) => source.package === 'engine');
  return [...graphFigures(engine), ...codeFigures(sources, engine), ...documents(sources)];
}

/** @param {readonly Source[]} engine */
function graphFigures(engine) {
  const arrows = arrowsOf(engine);
  const { up, unknown } = againstFloors(arrows);
  /** @param {readonly string[][]} knots */
  const told = (knots) => knots.map((knot) => knot.join(', '));
  /** @param {boolean} isType */
  const ups = (isType) => up.filter((arrow) => arrow.isType === isType);
  const whole = knotsOf(arrows);
  const running = knotsOf(arrows.filter(({ isType }) => !isType));
  return [
    most('engine: folders in knots', whole.flat().length, 0, told(whole)),
    most('engine: folders in knots of values', running.flat().length, 0, told(running)),
    most('engine: arrows up', ups(false).length, 0, ups(false).map(arrowText)),
    most('engine: arrows up, of types alone', ups(true).length, 0, ups(true).map(arrowText)),
    most('engine: folders without a floor', unknown.length, 0, unknown),
  ];
}

/**
 * @param {readonly Source[]} sources
 * @param {readonly Source[]} engine
 */
function codeFigures(sources, engine) {
  const long = longFunctions(sources, MOST_FUNCTION_LINES);
  const { casts, nonNull } = assertions(sources);
  const runs = duplicateRuns(sources);
  const root = engine.find(({ path }) => path === 'engine.ts');
  if (root === undefined) throw new Error('the engine has no engine.ts');
  return [
    most(
      `functions over ${MOST_FUNCTION_LINES} lines`,
      long.length,
      0,
      long.map(({ where, name, lines }) => `${where} ${name}: ${lines}`),
    ),
    most('lines of engine.ts', root.text.trimEnd().split('\n').length, 150),
    most('casts', casts.length, 60, casts),
    most('non-null assertions', nonNull.length, 0, nonNull),
    most(
      'repeated runs of 50 tokens',
      runs.length,
      MOST_DUPLICATES,
      runs.map(({ first, again, tokens }) => `${again} as ${first}: ${tokens}`),
    ),
  ];
}

/**
 * A package's exports, how many of them say what they are.
 *
 * @param {readonly Source[]} sources
 * @returns {Figure[]}
 */
function documents(sources) {
  return documented(sources).map(({ package: name, exports, without }) => {
    const share = Math.round((100 * (exports - without.length)) / exports);
    const now = `${share} % of ${exports}`;
    return {
      name: `${name}: exports with a sentence`,
      now,
      goal: '>= 90 %',
      isMet: share >= 90,
      where: without,
    };
  });
}

/** @param {import('./graph.mjs').Arrow} arrow */
const arrowText = ({ from, to, imports }) =>
  `${from} -> ${to}: ${imports.map(({ path }) => path).join(', ')}`;
