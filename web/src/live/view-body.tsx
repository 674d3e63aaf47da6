import type { ReactNode } from 'react'
import type { ViewStatus } from '#shared/client/follow-view.ts'
import { Loading, StateMessage } from '#web/ui/layout/state-message.tsx'
import { useConnection } from './use-connection.ts'

type Props = {
  /** In words for the middle of a sentence: "the alerts". */
  readonly what: string
  /** Of every view that the body is made of. */
  readonly of: readonly { readonly status: ViewStatus }[]
  readonly lines?: number
  readonly children: ReactNode
}

/** What is made of views, once they are there; before that why not. What is stale is shown: its head says how old it is. */
export function ViewBody({ what, of, lines = 4, children }: Props) {
  const { phase, help } = useConnection()
  if (of.some(({ status }) => status === 'refused'))
    return (
      <StateMessage
        kind="denied"
        title={`You cannot see ${what}`}
        detail="Your account has no right to it, or this server does not have it. An administrator can tell."
      />
    )
  if (of.every(({ status }) => status !== 'loading')) return children
  if (phase === 'offline' || phase === 'closed')
    return (
      <StateMessage
        kind="offline"
        title={`${what[0]?.toUpperCase()}${what.slice(1)}: not here yet`}
        detail={help}
      />
    )
  return <Loading what={what} lines={lines} />
}
