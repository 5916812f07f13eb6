import { LineCounter, parseDocument, stringify } from 'yaml'
import type { Document } from 'yaml'
import { checkEntry, ruleForm } from './rule-schema'
import type { Checked, Fault, RuleEntry } from './rule-schema'

/** Rules of an organisation fit into a few kilobytes; what is larger is a mistake or an attack. */
export const LARGEST_FILE = 256 * 1024
/** An alias that stands for aliases multiplies: without a bound a small file unfolds into gigabytes. */
const MOST_ALIASES = 100
const MOST_RULES = 1_000
const MOST_FAULTS = 100

/** A fault, and the line of the file on which it was found, counted from 1. */
export interface FileFault extends Fault {
  readonly line?: number
}

/** Reads rules out of YAML, or JSON, which is YAML too. Nothing is taken when anything is wrong, and every fault is reported with its place. */
export function parseRuleFile(text: string): Checked<readonly RuleEntry[]> & { readonly faults?: readonly FileFault[] } {
  if (Buffer.byteLength(text) > LARGEST_FILE) return refused([{ code: 'too_large', place: [] }])
  try {
    return parse(text)
  } catch (error) {
    // The reader of YAML calls itself for each level, so what is nested too deeply overflows its stack.
    if (!(error instanceof RangeError)) throw error
    return refused([{ code: 'unreadable', place: [], detail: 'nested too deeply' }])
  }
}

function parse(text: string): ReturnType<typeof parseRuleFile> {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const unreadable = [...document.errors, ...document.warnings]
  if (unreadable.length > 0)
    return refused(
      unreadable.map(({ message, pos }) => ({
        code: 'unreadable',
        place: [],
        detail: message.slice(0, 200),
        line: lines.linePos(pos[0]).line,
      })),
    )
  return checkDocument(document, lines)
}

const refused = (faults: readonly FileFault[]): { ok: false; faults: readonly FileFault[] } => ({
  ok: false,
  faults: faults.slice(0, MOST_FAULTS),
})

function checkDocument(document: Document, lines: LineCounter): ReturnType<typeof parseRuleFile> {
  let value: unknown
  try {
    value = document.toJS({ maxAliasCount: MOST_ALIASES })
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error
    return refused([{ code: 'unreadable', place: [], detail: error.message.slice(0, 200) }])
  }
  const { entries, faults } = checkAll(value)
  if (faults.length === 0) return { ok: true, value: entries }
  return refused(faults.map((fault) => ({ ...fault, ...lineOf(document, lines, fault) })))
}

function checkAll(value: unknown): { entries: RuleEntry[]; faults: Fault[] } {
  const { rules, ...others } = (isMap(value) ? value : {}) as { rules?: unknown }
  const faults: Fault[] = Object.keys(others).map((key) => ({ code: 'unknown', place: [], detail: key.slice(0, 100) }))
  if (!Array.isArray(rules) || rules.length > MOST_RULES) return { entries: [], faults: [...faults, { code: 'rules', place: ['rules'] }] }
  const entries: RuleEntry[] = []
  const names = new Set<string>()
  rules.forEach((rule: unknown, index) => {
    const checked = checkEntry(rule, ['rules', index])
    if (!checked.ok) return void faults.push(...checked.faults)
    const name = `${checked.value.organisation} ${checked.value.body.name}`
    if (names.has(name)) faults.push({ code: 'name_twice', place: ['rules', index, 'name'] })
    names.add(name)
    entries.push(checked.value)
  })
  return { entries, faults }
}

const isMap = (value: unknown): value is object => typeof value === 'object' && value !== null && !Array.isArray(value)

/** The line of the place, or of the nearest thing around it. */
function lineOf(document: Document, lines: LineCounter, { place, detail, code }: Fault): { line?: number } {
  const full = code === 'unknown' && detail !== undefined ? [...place, detail] : place
  for (let length = full.length; length > 0; length--) {
    const node: unknown = document.getIn(full.slice(0, length), true)
    const start = (node as { range?: readonly [number, number, number] | null } | undefined)?.range?.[0]
    if (start !== undefined) return { line: lines.linePos(start).line }
  }
  return {}
}

/** Rules as a file that `parseRuleFile` reads back to the same. */
export const writeRuleFile = (entries: readonly RuleEntry[], { json = false } = {}): string => {
  const rules = entries.map(({ organisation, enabled, body }) => {
    const { name, ...rest } = ruleForm(body)
    return { name, organisation, ...(enabled ? {} : { enabled }), ...rest }
  })
  return json ? `${JSON.stringify({ rules }, null, 2)}\n` : stringify({ rules }, { lineWidth: 0 })
}
