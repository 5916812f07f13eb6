import { Circuit, OPEN_MS } from '../../src/invoicebox/circuit'
import type { Verdict } from '../../src/invoicebox/circuit'
import { MovedClock } from './support/world'

function makeCircuit() {
  const clock = new MovedClock()
  const circuit = new Circuit(clock)
  const call = (...verdicts: Verdict[]) => verdicts.map((verdict) => circuit.enter()?.report(verdict))
  return { clock, circuit, call }
}

const outages = (count: number): Verdict[] => Array<Verdict>(count).fill('outage')

test('five outages in a row open it, four do not', () => {
  const { circuit, call, clock } = makeCircuit()
  call(...outages(4))
  expect(circuit.state()).toEqual({ open: false })
  call('outage')
  expect(circuit.state()).toEqual({ open: true, reason: 'outage', until: new Date(clock.now().getTime() + OPEN_MS) })
  expect(circuit.enter()).toBeNull()
})

test('any sign of life starts the count anew', () => {
  const { circuit, call } = makeCircuit()
  call(...outages(4), 'alive', ...outages(4))
  expect(circuit.state()).toEqual({ open: false })
})

test('a refused token opens it at once', () => {
  const { circuit, call } = makeCircuit()
  call('unauthorized')
  expect(circuit.state()).toMatchObject({ open: true, reason: 'unauthorized' })
})

test('after 30 s exactly one call goes through as a probe', () => {
  const { circuit, call, clock } = makeCircuit()
  call('unauthorized')
  clock.passes(OPEN_MS - 1)
  expect(circuit.enter()).toBeNull()
  clock.passes(1)
  expect(circuit.state()).toEqual({ open: false })
  const probe = circuit.enter()
  expect(probe).not.toBeNull()
  expect(circuit.enter()).toBeNull()
  expect(circuit.state()).toMatchObject({ open: true })
  probe?.report('alive')
  expect(circuit.state()).toEqual({ open: false })
  call(...outages(4))
  expect(circuit.enter()).not.toBeNull()
})

test('a probe that fails opens it for another 30 s', () => {
  const { circuit, call, clock } = makeCircuit()
  call(...outages(5))
  clock.passes(OPEN_MS)
  call('outage')
  expect(circuit.state()).toEqual({ open: true, reason: 'outage', until: new Date(clock.now().getTime() + OPEN_MS) })
})

test('a call from before it opened neither closes nor renews it', () => {
  const { circuit, call, clock } = makeCircuit()
  const [early, late] = [circuit.enter(), circuit.enter()]
  call('unauthorized')
  const before = circuit.state()
  clock.passes(1_000)
  early?.report('alive')
  late?.report('outage')
  expect(circuit.state()).toEqual(before)
})

test('a clock that jumps back does not hold calls for years', () => {
  const { circuit, call, clock } = makeCircuit()
  call(...outages(5))
  clock.passes(-10 * 365 * 24 * 3_600_000)
  expect(circuit.state()).toMatchObject({ open: true })
  clock.passes(OPEN_MS)
  expect(circuit.state()).toEqual({ open: false })
})
