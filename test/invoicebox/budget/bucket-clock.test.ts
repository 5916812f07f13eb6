import { BucketClock } from '../../../src/invoicebox/budget/bucket-clock'

/** Looks at these moments: what the clock says, and this process's tick, before and after it was asked for. */
function offsets(looks: readonly { clock: number; tick: number; took?: number }[]): number[] {
  const watch = new BucketClock()
  let offset = 0
  return looks.map(({ clock, tick, took = 0 }) => (offset = watch.offsetAfter(offset, { clock, tickBefore: tick, tickAfter: tick + took })))
}

test('a clock that goes as the tick does needs no correction, however long an answer takes', () => {
  expect(
    offsets([
      { clock: 5_000, tick: 0, took: 900 },
      { clock: 6_500, tick: 1_000, took: 600 },
      { clock: 99_000, tick: 93_600 },
    ]),
  ).toEqual([0, 0, 0])
})

test('a jump ahead is taken out once; a clock set back is left to the slots', () => {
  const looks = [
    { clock: 0, tick: 0 },
    { clock: 61_000, tick: 1_000 },
    { clock: 62_000, tick: 2_000 },
    { clock: 3_000, tick: 3_000 },
  ]
  expect(offsets(looks)).toEqual([0, 60_000, 60_000, 60_000])
})

test('what another process has taken out already is not taken out again', () => {
  const watch = new BucketClock()
  watch.offsetAfter(0, { clock: 0, tickBefore: 0, tickAfter: 0 })
  expect(watch.offsetAfter(60_000, { clock: 61_000, tickBefore: 1_000, tickAfter: 1_000 })).toBe(60_000)
})
