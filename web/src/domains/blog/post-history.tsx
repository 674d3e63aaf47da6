import type { PostChange, PostState } from '#shared/domain/blog/posts-view.ts'
import { Badge } from '#web/ui/data/badge.tsx'
import { Time } from '#web/ui/data/times.tsx'
import { Dialog } from '#web/ui/overlay/dialog.tsx'
import { EVENT_WORDS, STATUS_WORDS, TRY_WORDS } from './post-status.ts'

/** What happened to a post, newest first; what was refused stands among it, with the reason. */
export function PostHistory({ post, onClose }: { post: PostState; onClose: () => void }) {
  const { title, postId, status, version, history } = post
  const { word, tone } = STATUS_WORDS[status]
  return (
    <Dialog open shape="drawer" title={title || postId} lead={`History of ${postId}`} onClose={onClose}>
      <p>
        <Badge tone={tone}>{word}</Badge> Version {version}
      </p>
      <ol className="post-history">
        {history.toReversed().map((change, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: changes have no names, and are counted from the first one
          <HistoryItem key={history.length - index} change={change} />
        ))}
      </ol>
    </Dialog>
  )
}

function HistoryItem({ change }: { change: PostChange }) {
  const { at, by, type, changed, refused } = change
  return (
    <li>
      <small>
        <Time value={at ?? undefined} full />
      </small>
      <p>
        <strong>{by}</strong> {refused === undefined ? EVENT_WORDS[type] : TRY_WORDS[type]}
        {changed.length > 0 && <small>{`: ${changed.join(', ')}`}</small>}
      </p>
      {refused !== undefined && <p className="post-refused">Refused: {refused}.</p>}
    </li>
  )
}
