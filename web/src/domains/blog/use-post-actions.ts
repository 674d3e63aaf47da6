import { useCallback, useEffect, useState } from 'react'
import type { PostEventType, PostState } from '#shared/domain/blog/blog-views.ts'
import { useAccess } from '#web/live/access.tsx'
import { describeFailure, usePostEvent } from '#web/live/api.ts'
import { showToast } from '#web/ui/overlay/toaster.tsx'
import { EVENT_WORDS } from './post-words.ts'

/** How long an action waits for its outcome in the view. */
const WAIT_MS = 10_000

export type PostActions = {
  /** The pending action of each post. */
  readonly busy: ReadonlyMap<string, PostEventType>
  /** Publishes an action. Returns null once the server has accepted it, otherwise why it did not. */
  readonly act: (
    type: PostEventType,
    post: { readonly postId: string; readonly title: string },
    data?: object,
  ) => Promise<string | null>
}

/** Publishes the user's actions on posts and shows their outcome. The fold decides; if it refuses, its reason is shown. */
export function usePostActions(posts: ReadonlyMap<string, PostState>): PostActions {
  const [asked, setAsked] = useState<readonly Asked[]>([])
  const { name } = useAccess()
  const post = usePostEvent()
  const forget = useCallback((one: Asked) => setAsked((all) => all.filter((other) => other !== one)), [])

  useEffect(() => {
    for (const one of asked) if (showOutcome(posts.get(one.postId), one)) forget(one)
  }, [asked, posts, forget])

  const act: PostActions['act'] = async (type, { postId, title }, data = {}) => {
    const one: Asked = { postId, title, type, by: name, offset: null }
    setAsked((all) => [...all, one])
    try {
      // The server gives it its time: a fast clock of this machine would make it an event that moves nothing.
      const { offset } = await post({ type, subject: postId, data: { postId, ...data, by: name } })
      const placed = { ...one, offset }
      setAsked((all) => all.map((other) => (other === one ? placed : other)))
      setTimeout(() => forget(placed), WAIT_MS)
    } catch (error) {
      forget(one)
      return describeFailure(error)
    }
    return null
  }
  return { busy: new Map(asked.map(({ postId, type }) => [postId, type])), act }
}

/** Shows the outcome of an action. Returns whether there is one. */
function showOutcome(post: PostState | undefined, asked: Asked): boolean {
  const outcome = findOutcome(post, asked)
  if (outcome === null) return false
  const title = post?.title || asked.title
  if (outcome.kind === 'done') showToast({ tone: 'good', title: `${EVENT_WORDS[asked.type].done}: ${title}` })
  else
    showToast({
      tone: 'bad',
      title: `Refused: ${title}`,
      detail: `${outcome.reason}.`.replace(/^./, (letter) => letter.toUpperCase()),
    })
  return true
}

/** A requested action. Its event is found in the post's history by its offset, which is null until it is accepted. */
export type Asked = {
  readonly postId: string
  readonly title: string
  readonly type: PostEventType
  readonly by: string
  readonly offset: number | null
}
type Outcome = { readonly kind: 'done' } | { readonly kind: 'refused'; readonly reason: string }

/** Returns the outcome of an action; null while the history does not have it. */
export function findOutcome(post: PostState | undefined, asked: Asked): Outcome | null {
  const change = post?.history.findLast(
    ({ type, offset, by }) => type === asked.type && offset === asked.offset && by === asked.by,
  )
  if (change === undefined) return null
  return change.refused === undefined ? { kind: 'done' } : { kind: 'refused', reason: change.refused }
}
