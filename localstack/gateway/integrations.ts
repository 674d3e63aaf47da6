import type { FunctionDefinition } from '../lambda/read-functions.ts'
import type { FunctionHost, ProxyResponse } from '../lambda/start-function-host.ts'
import { within } from '../patient-timeout.ts'

/** Invokes the function behind a route. Returns null if it took longer than the gateway waits. */
export type Integrate = (
  functionKey: string,
  event: object,
  body: string | null,
) => Promise<ProxyResponse | null>

/** The integrations of an API whose gateway waits at most `limitMs` for a function. */
export function createIntegrations(
  host: Pick<FunctionHost, 'invokeProxy'>,
  functions: ReadonlyMap<string, FunctionDefinition>,
  limitMs: number,
): Integrate {
  return async (functionKey, event, body) => {
    const definition = functions.get(functionKey)
    if (!definition) throw new Error(`there is no function ${functionKey}`)
    const invocation = host.invokeProxy(definition.name, JSON.stringify(event), body)
    // Most functions end before the gateway's limit anyway, and need no timer.
    return definition.timeoutMs <= limitMs
      ? invocation
      : within<ProxyResponse | null>(
          limitMs,
          () => invocation,
          () => null,
        )
  }
}
