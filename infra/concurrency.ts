import { functionToken, type Template } from './cloudformation.ts'
import type { Deployment } from './deployment.ts'

/** Reserves the instances. */
export function concurrency({ concurrency: reserved, isLocal }: Deployment): Template {
  if (isLocal) return {}
  const entries = Object.entries(reserved).map(
    ([key, ReservedConcurrentExecutions]) =>
      [`${functionToken(key)}LambdaFunction`, { Properties: { ReservedConcurrentExecutions } }] as const,
  )
  return { extensions: Object.fromEntries(entries) }
}
