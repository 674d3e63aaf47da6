/**
 * An action as EventBridge gets it from CloudTrail: the name of the user is hidden, the `sub` of the tokens is not. An action
 * that was refused has an `errorCode`.
 */
export type PoolEvent = {
  readonly source: 'aws.cognito-idp'
  readonly 'detail-type': 'AWS API Call via CloudTrail'
  readonly detail: {
    readonly eventSource: 'cognito-idp.amazonaws.com'
    readonly eventName: string
    readonly eventTime: string
    readonly requestParameters: { readonly username: string }
    readonly additionalEventData: { readonly sub?: string }
    readonly sourceIPAddress?: string
    readonly errorCode?: string
    readonly errorMessage?: string
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
    if (sub !== undefined) await announce(poolEvent(action, now(), { additionalEventData: { sub } }))
    return result
  }
}

type More = Partial<Omit<PoolEvent['detail'], 'eventName' | 'eventTime'>>

/** Makes the event of an action at a time in milliseconds since 1970. */
export function poolEvent(action: string, time: number, more: More): PoolEvent {
  return {
    source: 'aws.cognito-idp',
    'detail-type': 'AWS API Call via CloudTrail',
    detail: {
      eventSource: 'cognito-idp.amazonaws.com',
      eventName: action,
      // CloudTrail counts seconds.
      eventTime: new Date(Math.floor(time / 1000) * 1000).toISOString(),
      requestParameters: { username: 'HIDDEN_DUE_TO_SECURITY_REASONS' },
      additionalEventData: {},
      ...more,
    },
  }
}
