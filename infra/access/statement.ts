import type { Value } from '../cloudformation.ts'

/** A statement of a policy. */
export type Statement = {
  readonly Effect: 'Allow' | 'Deny'
  readonly Action: readonly string[]
  readonly Resource: readonly Value[]
  readonly Condition?: { readonly [operator: string]: { readonly [key: string]: Value } }
}

/** A statement that allows actions on resources. */
export function allow(
  actions: readonly string[],
  resources: readonly Value[],
  condition?: Statement['Condition'],
): Statement {
  return { Effect: 'Allow', Action: actions, Resource: resources, ...(condition && { Condition: condition }) }
}
