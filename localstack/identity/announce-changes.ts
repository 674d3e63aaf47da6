/** An action as EventBridge gets it from CloudTrail: the name of the user is hidden, the `sub` of the tokens is not. */
export type PoolEvent = {
  readonly source: 'aws.cognito-idp'
  readonly 'detail-type': 'AWS API Call via CloudTrail'
  readonly detail: {
    readonly eventSource: 'cognito-idp.amazonaws.com'
    readonly eventName: string
    readonly eventTime: string
    readonly requestParameters: { readonly username: string }
    readonly additionalEventData: { readonly sub: string }
  }
}

/** One action of Cognito's JSON interface, such as `InitiateAuth`. Throws the emulator's errors. */
export type CallAction = (action: string, input: unknown) => Promise<unknown>

type Options = {
  /** Returns the `sub` of the user that an action is about, before the action; undefined if there is none. */
  readonly subOf: (input: unknown) => Promise<string | undefined>
  /** The actions that a rule of `serverless.yml` waits for. */
  readonly actions: readonly string[]
  readonly announce: (event: PoolEvent) => Promise<void>
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/**
 * Announces each of the actions that succeeded. The caller of an action waits for it, unlike in the cloud, where an
 * announcement takes some seconds: what follows in a test then has it.
 */
export function announceChanges(call: CallAction, { subOf, actions, announce, now }: Options): CallAction {
  return async (action, input) => {
    if (!actions.includes(action)) return call(action, input)
    const sub = await subOf(input)
    const result = await call(action, input)
    if (sub === undefined) return result
    await announce({
      source: 'aws.cognito-idp',
      'detail-type': 'AWS API Call via CloudTrail',
      detail: {
        eventSource: 'cognito-idp.amazonaws.com',
        eventName: action,
        // CloudTrail counts seconds.
        eventTime: new Date(Math.floor(now() / 1000) * 1000).toISOString(),
        requestParameters: { username: 'HIDDEN_DUE_TO_SECURITY_REASONS' },
        additionalEventData: { sub },
      },
    })
    return result
  }
}
