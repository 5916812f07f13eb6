import type { Machine } from './machine'
import type { Figure, Spread, Target } from './measure'

/** What one run found, as it goes into the JSON file. */
export interface Report {
  readonly startedAt: string
  readonly plan: { readonly seconds: number; readonly rounds: number; readonly quick: boolean; readonly seed: number }
  readonly machine: Machine
  readonly groups: readonly { readonly name: string; readonly figures: readonly Figure[] }[]
}

/** The report as Markdown, one table for each group, so that what is printed can be pasted into docs/performance.md. */
export function toTable({ groups, machine, plan }: Report): string {
  const run = `${plan.rounds} rounds of ${plan.seconds} s, seed ${plan.seed}${plan.quick ? ', a quick try-out' : ''}.`
  return [describe(machine), '', run, ...groups.flatMap(({ name, figures }) => ['', `### ${name}`, '', ...tableOf(figures)])].join('\n')
}

const HEAD = ['Figure', 'Value (min–max)', 'p50 / p99, ms', 'Baseline', 'Ratio (min–max)', 'Target', 'Reached']

/** The baselines are named by letters, and what they are stands below. */
function tableOf(figures: readonly Figure[]): string[] {
  const names = [...new Set(figures.flatMap(({ baseline }) => baseline?.name ?? []))]
  const letterOf = (name: string): string => String.fromCharCode('A'.charCodeAt(0) + names.indexOf(name))
  const rows = [HEAD, HEAD.map(() => '---'), ...figures.map((figure) => toRow(figure, letterOf))]
  const legend = names.map((name) => `- ${letterOf(name)}: ${name}`)
  return [...rows.map((cells) => `| ${cells.join(' | ')} |`), ...(legend.length > 0 ? ['', ...legend] : [])]
}

function toRow(
  { figure, unit, value, baseline, ratio, target, reached, p50Ms, p99Ms }: Figure,
  letterOf: (name: string) => string,
): string[] {
  return [
    figure,
    `${range(value)} ${unit}`,
    p50Ms === undefined || p99Ms === undefined ? '' : `${short(p50Ms)} / ${short(p99Ms)}`,
    baseline ? `${letterOf(baseline.name)}: ${short(baseline.median)}` : '',
    ratio ? range(ratio) : '',
    target ? targetText(target) : '',
    reached === undefined ? '' : reached ? 'yes' : '**no**',
  ]
}

const range = ({ median, min, max }: Spread): string => (min === max ? short(median) : `${short(median)} (${short(min)}–${short(max)})`)

const targetText = (target: Target): string => ('atLeast' in target ? `≥ ${target.atLeast}` : `≤ ${target.atMost}`)

/** Three digits are more than any of these figures is sure of. */
function short(value: number): string {
  if (value === 0) return '0'
  const size = Math.abs(value)
  if (size >= 100) return Math.round(value).toLocaleString('en')
  return size >= 10 ? value.toFixed(1) : size >= 0.1 ? value.toFixed(2) : value.toFixed(3)
}

function describe({ cpu, cores, memoryGb, system, node, sqlite, syncMicroseconds: { p50, p99 }, loadBefore, postgres }: Machine): string {
  const server = postgres ? ` PostgreSQL ${postgres.version} (${settingsText(postgres.settings)}).` : ''
  return `${cores} × ${cpu}, ${memoryGb} GB, ${system}, Node ${node}, SQLite ${sqlite}.${server} Making 8 kB durable takes ${p50} µs (p99 ${p99} µs). Load before the run: ${loadBefore}.`
}

const settingsText = (settings: Readonly<Record<string, string>>): string =>
  Object.entries(settings)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ')
