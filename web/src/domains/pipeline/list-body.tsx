import type { ReactNode } from 'react'
import { Button } from '#web/ui/form/button.tsx'
import { Loading, StateMessage } from '#web/ui/layout/state-message.tsx'
import type { Pages } from './use-pages.ts'

type Props = {
  /** In words for the middle of a sentence: "the connections". */
  readonly what: string
  readonly list: Pages<unknown>
  readonly isEmpty: boolean
  /** Shown if nothing is listed. */
  readonly empty: ReactNode
  readonly children: ReactNode
}

/** The body of a list: what is loaded, or why nothing is shown, and a button for the next page. */
export function ListBody({ what, list, isEmpty, empty, children }: Props) {
  const { pages, error, hasMore, loadMore, reload } = list
  if (error?.isDenied)
    return <StateMessage kind="denied" title={`You cannot see ${what}`} detail={error.detail} />
  if (error && pages === null)
    return (
      <StateMessage kind="error" title={`${capital(what)} could not be loaded`} detail={error.detail}>
        <Button onClick={() => void reload()}>Try again</Button>
      </StateMessage>
    )
  if (pages === null) return <Loading what={what} lines={6} />
  return (
    <>
      {isEmpty && !hasMore ? empty : children}
      {error && <p role="alert">{error.detail}</p>}
      {hasMore && (
        <Button className="pipeline-more" onClick={() => void loadMore()}>
          Show more
        </Button>
      )}
    </>
  )
}

function capital(words: string): string {
  return `${words[0]?.toUpperCase()}${words.slice(1)}`
}
