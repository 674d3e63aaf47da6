import type { Access, AccessStatement, KeyPatterns } from './read-access.ts'
import { recordCalls } from './record-calls.ts'

/** Something that a function asks of an emulator. */
export type Call = {
  /** The access key that the request is signed with, as `accessKeyIn` returns it. */
  readonly accessKey: string | null
  /** Such as `dynamodb:GetItem`. */
  readonly action: string
  readonly resource: string
  /** The hash keys of the items. It is called only where a policy has a condition on them. */
  readonly keys?: () => readonly string[]
}

/** Returns why a call is not allowed, or null. What is not signed by a function is allowed: a test, a tool, a browser. */
export type AccessCheck = (call: Call) => string | null

/** Allows everything. */
export const ALLOW_ALL: AccessCheck = () => null

/** The statements about one action on one resource. */
type Decision = { readonly allows: readonly KeyTest[]; readonly denies: readonly KeyTest[] }
type KeyTest = { readonly patterns: KeyPatterns; readonly isMet: (keys: readonly string[]) => boolean }

const NO_KEYS = (): readonly string[] => []

/**
 * Evaluates the policies of the functions as IAM does: a call is allowed by a statement that allows it, unless one denies
 * it. What a policy says of an action on a resource is found once for each function. Each refusal is logged once.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
 */
export function createAccessCheck({ functions, recordTo }: Access, log: (line: string) => void): AccessCheck {
  const decisions = new Map<string, Map<string, Map<string, Decision>>>()
  const refused = new Set<string>()
  const record = recordTo === null ? null : recordCalls(recordTo)

  function decide(accessKey: string, action: string, resource: string): Decision | null {
    const own = functions[accessKey]
    if (own === undefined) return null
    const byAction = decisions.get(accessKey) ?? new Map<string, Map<string, Decision>>()
    decisions.set(accessKey, byAction)
    const byResource = byAction.get(action) ?? new Map<string, Decision>()
    byAction.set(action, byResource)
    const decision = byResource.get(resource) ?? decisionOf(own.statements, action, resource)
    byResource.set(resource, decision)
    return decision
  }

  return ({ accessKey, action, resource, keys = NO_KEYS }) => {
    const decision = accessKey === null ? null : decide(accessKey, action, resource)
    if (accessKey === null || decision === null) return null
    const asked = decision.allows.some(({ patterns }) => patterns === null) ? [] : keys()
    const allowing = decision.allows.find(({ isMet }) => isMet(asked))
    const isDenied = decision.denies.some(({ isMet }) => isMet(asked))
    const { name = '', role = '' } = functions[accessKey] ?? {}
    const isAllowed = allowing !== undefined && !isDenied
    record?.({ function: name, action, resource, keys: patternsMet(allowing, asked), isAllowed })
    if (isAllowed) return null
    const on = asked.length > 0 ? ` with the key ${JSON.stringify(asked[0])}` : ''
    const problem = `The function ${name} is not authorized to perform ${action} on ${resource}${on}, because its role ${role} does not allow it.`
    const identity = `${name} ${action} ${resource}`
    if (!refused.has(identity)) log(`AccessDenied: ${problem}`)
    refused.add(identity)
    return problem
  }
}

function decisionOf(statements: readonly AccessStatement[], action: string, resource: string): Decision {
  const about = statements.filter(
    ({ actions, resources }) =>
      actions.some((one) => matcher(one)(action)) && resources.some((one) => matcher(one)(resource)),
  )
  const tests = (isDeny: boolean) =>
    about.filter((statement) => statement.isDeny === isDeny).map(({ keys }) => keyTest(keys))
  return { allows: tests(false), denies: tests(true) }
}

/** `ForAllValues` is met where each of the keys meets the condition. */
function keyTest(patterns: KeyPatterns): KeyTest {
  if (patterns === null) return { patterns, isMet: () => true }
  const matchers = patterns.patterns.map(matcher)
  const matches = (key: string) => matchers.some((isMatch) => isMatch(key)) !== patterns.isExcept
  return { patterns, isMet: (keys) => keys.every(matches) }
}

/** Which of the patterns of a statement the keys needed; empty if it has none, or excepts keys. */
function patternsMet(test: KeyTest | undefined, keys: readonly string[]): readonly string[] {
  if (test === undefined || test.patterns === null || test.patterns.isExcept) return []
  return test.patterns.patterns.filter((pattern) => keys.some(matcher(pattern)))
}

/**
 * `*` is any text and `?` any character.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
 */
function matcher(pattern: string): (text: string) => boolean {
  if (!/[*?]/.test(pattern)) return (text) => text === pattern
  const source = pattern.replace(/[.+^${}()|[\]\\*?]/g, (character) =>
    character === '*' ? '.*' : character === '?' ? '.' : `\\${character}`,
  )
  const expression = new RegExp(`^${source}$`, 's')
  return (text) => expression.test(text)
}
