import { faultText } from '../autopay'
import type { Difference, FileFault, Imported, Replay, RuleImport, RuleImportPlan } from '../autopay'
import { toDecimal } from '../shared/money'
import { createTexts } from '../shared/texts'

const t = createTexts().translator('en')

/** One sentence for each fault, with its place: `Line 14, rules[2].limits.day: …`. */
export const faultLines = (faults: readonly FileFault[]): string[] =>
  faults.map((fault) => {
    const at = [...(fault.line === undefined ? [] : [`Line ${fault.line}`]), ...(fault.place.length === 0 ? [] : [placeText(fault.place)])]
    const text = `${faultText(fault, t)}.`
    return at.length === 0 ? `${text.slice(0, 1).toUpperCase()}${text.slice(1)}` : `${at.join(', ')}: ${text}`
  })

/** List items count from 1, as people do. */
const placeText = (place: FileFault['place']): string =>
  place.reduce<string>((text, part) => (typeof part === 'number' ? `${text}[${part + 1}]` : text === '' ? part : `${text}.${part}`), '')

/** The difference between a file and the rules there are, for a person. */
export function planLines({ imports, gone }: RuleImportPlan, prune: boolean): string[] {
  const unchanged = imports.filter(({ kind }) => kind === 'unchanged').length
  return [
    ...imports.filter(({ kind }) => kind !== 'unchanged').flatMap(importLines),
    ...gone.map(({ body }) => (prune ? `- "${body.name}": removed` : `  "${body.name}": not in the file, left alone`)),
    ...(unchanged > 0 ? [`  ${unchanged} unchanged`] : []),
  ]
}

const importLines = ({ kind, entry, organisation, differences, replay }: RuleImport): string[] => [
  `${kind === 'added' ? '+' : '~'} "${entry.body.name}" (${organisation.vatNumber}): ${kind}${entry.enabled ? '' : ', off'}`,
  ...differences.map(({ field, before, after }) => `    ${field}: ${valueText(before)} -> ${valueText(after)}`),
  ...(replay ? [`    ${replayText(replay)}`] : []),
]

const valueText = (value: Difference['before']): string => (value === null ? 'none' : String(value))

function replayText({ sums, tried }: Omit<Replay, 'lines'>): string {
  const parts = (['pay', 'ask', 'wait', 'hold', 'refuse'] as const)
    .filter((kind) => sums[kind].count > 0)
    .map((kind) => `${kind} ${sums[kind].count} (${toDecimal(sums[kind].amount)} RUB)`)
  return `of ${tried} invoices of the last 30 days it would: ${parts.length === 0 ? 'take none' : parts.join(', ')}`
}

/** What became of an import, for a person. @param outcome undefined when nobody agreed */
export function outcomeLines(outcome: Imported | undefined): string[] {
  if (!outcome) return ['Nothing was changed. Use --yes to apply without asking.']
  const { applied, refused, waiting, removed } = outcome
  const asked = waiting.map(
    ({ name, request }) =>
      `"${name}" lets out more than one person decides. Request ${request} waits for a second person: gateway approvals approve ${request} --as LOGIN`,
  )
  if (refused.length === 0) return [...asked, 'Done.']
  const done = applied.length + removed.length
  const all = done + waiting.length + refused.length
  const left = refused.map(({ name, code }) => `"${name}" (${code})`).join(', ')
  return [...asked, `Applied ${done} of ${all}; not applied: ${left}. Run the import again to see what is left.`]
}

const shownReplay = ({ sums, tried, taken }: Omit<Replay, 'lines'>): object => ({
  tried,
  taken,
  ...Object.fromEntries(Object.entries(sums).map(([kind, { count, amount }]) => [kind, { count, amount: toDecimal(amount) }])),
})

/** The same for a program. */
export function shownPlan({ imports, gone }: RuleImportPlan, prune: boolean): object {
  const of = (kind: RuleImport['kind']): readonly RuleImport[] => imports.filter((one) => one.kind === kind)
  const named = ({ entry, organisation }: RuleImport): { name: string; organisation: string } => ({
    name: entry.body.name,
    organisation: organisation.vatNumber,
  })
  const tried = (one: RuleImport): object => ({ ...named(one), enabled: one.entry.enabled, replay: one.replay && shownReplay(one.replay) })
  return {
    added: of('added').map(tried),
    changed: of('changed').map((one) => ({ ...tried(one), differences: one.differences })),
    unchanged: of('unchanged').map(named),
    gone: gone.map(({ body }) => body.name),
    removed: prune ? gone.map(({ body }) => body.name) : [],
  }
}
