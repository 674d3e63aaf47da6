import { useCallback, useEffect, useState } from 'react'
import type { PostEventType, PostState } from '#shared/domain/blog/posts-view.ts'
import { useAccess } from '#web/live/access.tsx'
import { describeFailure, usePostEvent } from '#web/live/api.ts'
import { showToast } from '#web/ui/overlay/toaster.tsx'
import { type Asked, DONE_WORDS, findOutcome } from './find-outcome.ts'

const WAIT_MS = 10_000

export type PostActions = {
  /** What was asked of a post and is not settled yet. */
  readonly busy: ReadonlyMap<string, PostEventType>
  /** Asks for something. Answers null once the server has it, or why it did not take it. */
  readonly act: (
    type: PostEventType,
    post: { readonly postId: string; readonly title: string },
    data?: object,
  ) => Promise<string | null>
}

/** Writes what somebody does to posts, and tells what came of it: the fold has the last word, and its reason is shown. */
export function usePostActions(posts: ReadonlyMap<string, PostState>): PostActions {
  const [asked, setAsked] = useState<readonly Asked[]>([])
  const { name } = useAccess()
  const post = usePostEvent()
  const forget = useCallback((one: Asked) => setAsked((all) => all.filter((other) => other !== one)), [])

  useEffect(() => {
    for (const one of asked) if (tellOutcome(posts.get(one.postId), one)) forget(one)
  }, [asked, posts, forget])

  const act: PostActions['act'] = async (type, { postId, title }, data = {}) => {
    const one: Asked = { postId, title, type, time: new Date().toISOString(), by: name }
    setAsked((all) => [...all, one])
    try {
      await post({ type, subject: postId, time: one.time, data: { postId, ...data, by: name } })
    } catch (error) {
      forget(one)
      return describeFailure(error)
    }
    setTimeout(() => forget(one), WAIT_MS)
    return null
  }
  return { busy: new Map(asked.map(({ postId, type }) => [postId, type])), act }
}

/** Tells of an outcome, once there is one. */
function tellOutcome(post: PostState | undefined, asked: Asked): boolean {
  const outcome = findOutcome(post, asked)
  if (outcome === null) return false
  const title = post?.title || asked.title
  if (outcome.kind === 'done') showToast({ tone: 'good', title: `${DONE_WORDS[asked.type]}: ${title}` })
  else
    showToast({
      tone: 'bad',
      title: `Refused: ${title}`,
      detail: `${outcome.reason}.`.replace(/^./, (letter) => letter.toUpperCase()),
    })
  return true
}
