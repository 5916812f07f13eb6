const { default: Sequencer } = require('@jest/test-sequencer')

/** Files that take half a minute and more. */
const LONG =
  /test\/(browser\/|backoffice\/browser|faults\/|routes\/odd|routes\/routes|payments\/(killed|faults|clock)|cli\/(cli|build)\.|threats\/headers|ledger\/model)/

/**
 * Jest begins with the files that took longest the last time. In a fresh checkout it knows of no last time and goes by the size of a file, so that a short file which
 * starts browsers or processes may come last, alone on one processor.
 */
module.exports = class LongFirst extends Sequencer {
  sort(tests) {
    const isLong = ({ path, duration }) => duration === undefined && LONG.test(path)
    const sorted = super.sort(tests)
    return [...sorted.filter(isLong), ...sorted.filter((test) => !isLong(test))]
  }
}
