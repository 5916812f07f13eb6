import { STORIES } from './plan'
import type { Deed, Plan, PlannedFault, Scene } from './plan'

/** A plan in lines that a person can read. */
export function tellPlan(plan: Plan): string[] {
  const lines = [`schedule ${plan.number} of seed ${plan.seed} on ${plan.engine}, requests to Invoicebox: ${plan.budget}`]
  for (const [number, { dwellMs, restMs }] of plan.waves.entries()) {
    lines.push(`  wave ${number + 1}`)
    for (const scene of plan.scenes) if (scene.wave === number) lines.push(`    ${tellScene(scene)}`)
    if (dwellMs > 0) lines.push(`    ${dwellMs / 1_000} s go by before the buttons are pressed`)
    for (const fault of plan.faults) if (fault.wave === number) lines.push(`    FAULT ${tellFault(fault)}`)
    if (restMs > 0) lines.push(`    ${restMs / 1_000} s go by, then the workers work`)
  }
  return lines
}

function tellScene({ name, story, members, amounts, slots, afterMs }: Scene): string {
  const roubles = amounts.map((amount) => `${Math.floor(amount / 100)}.${String(amount % 100).padStart(2, '0')}`).join(' and ')
  return `${name}: member ${members.join(' and ')} ${STORIES[story]}, ${roubles} roubles, process ${slots.join(' and ')}, after ${afterMs} ms`
}

const tellFault = ({ name, deed, afterMs }: PlannedFault): string => `${name}: ${tellDeed(deed, afterMs)}`

function tellStrikes({ scenes, first, fault }: Extract<Deed, { by: 'invoicebox' }>): string {
  const strikes = [first ?? [], fault].flat().map((one) => JSON.stringify(one))
  return `${scenes === 'any' ? 'any invoice' : scenes.join(', ')} ${strikes.join(', then ')}`
}

function tellDeed(deed: Deed, afterMs: number): string {
  switch (deed.by) {
    case 'invoicebox':
      return tellStrikes(deed)
    case 'setting':
      return JSON.stringify(deed.settings)
    case 'signal':
      return `${deed.signal} to process ${deed.slot} after ${afterMs} ms`
    case 'trap':
      return `process ${deed.slot} at ${deed.step}, passed ${deed.skip} times before`
    case 'freeze':
      return `process ${deed.slot} ${deed.step ? `at ${deed.step}` : `after ${afterMs} ms`} for ${deed.forMs} ms, while ${deed.passesMs / 1_000} s go by`
    case 'database':
      return `${deed.mode}, after ${afterMs} ms`
    case 'clock':
      return `${deed.jumpMs / 1_000} s at ${typeof deed.whose === 'number' ? `process ${deed.whose}` : deed.whose}, for ${deed.waves} more waves`
    case 'merchant':
      return `${deed.does} in ${deed.scene}, ${deed.when}${deed.when === 'meanwhile' ? `, after ${afterMs} ms` : ''}`
    case 'fund':
      return 'nothing is left in it during this wave'
  }
}
