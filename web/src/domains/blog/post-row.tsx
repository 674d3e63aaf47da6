import { useEffect, useRef } from 'react'
import type { PostEventType, PostState } from '#shared/domain/blog/posts-view.ts'
import { Badge } from '#web/ui/data/badge.tsx'
import { Age } from '#web/ui/data/times.tsx'
import { Button, IconButton } from '#web/ui/form/button.tsx'
import { Menu, MenuItem } from '#web/ui/overlay/menu.tsx'
import { showToast } from '#web/ui/overlay/toaster.tsx'
import type { Search } from '#web/ui/state/use-search-state.ts'
import { BUSY_WORDS } from './find-outcome.ts'
import { EVENT_WORDS, STATUS_WORDS } from './post-status.ts'
import type { PostActions } from './use-post-actions.ts'

type Props = {
  readonly post: PostState
  readonly busy: PostEventType | undefined
  readonly act: PostActions['act']
  readonly refusal: string | null
  readonly change: (change: Search, push?: 'push') => void
}

/** A post. It lights up when it changes. */
export function PostRow(props: Props) {
  const { post, busy } = props
  const { postId, title, slug, tags, author, status, updatedAt, history } = post
  const row = useHighlight(post.version)
  const last = history.findLast(({ refused }) => refused === undefined)
  const { word, tone } = STATUS_WORDS[status]
  return (
    <tr ref={row}>
      <th scope="row">
        <span className="post-title">{title || postId}</span>
        <span className="post-tags">
          {[slug && `/${slug}`, ...tags.map((tag) => `#${tag}`)].filter(Boolean).join('  ')}
        </span>
      </th>
      <td>
        <Badge tone={busy ? 'accent' : tone}>{busy ? BUSY_WORDS[busy] : word}</Badge>
      </td>
      <td data-label="By">{author || '—'}</td>
      <td data-label="Changed">
        {updatedAt === null ? '—' : <Age of={updatedAt} />}
        {last && (
          <small className="post-who">
            {last.by} {EVENT_WORDS[last.type]}
          </small>
        )}
      </td>
      <td className="actions">
        <RowActions {...props} />
      </td>
    </tr>
  )
}

function RowActions({ post, busy, act, refusal, change }: Props) {
  const { postId, title, status } = post
  const held = refusal ?? (busy ? BUSY_WORDS[busy] : null)
  const toggle = status === 'published' ? 'blog.post.unpublished' : 'blog.post.published'
  const publish = async () => {
    const failure = await act(toggle, post)
    if (failure !== null) showToast({ tone: 'bad', title: `Nothing was changed: ${title}`, detail: failure })
  }
  const more = useRef<HTMLButtonElement>(null)
  const open = (name: string) => change({ [name]: postId }, 'push')
  const openFromMenu = (name: string) => {
    more.current?.focus() // the item goes away: this is where the dialog gives the focus back to
    open(name)
  }
  return (
    <div className="post-actions">
      {status !== 'deleted' && (
        <>
          <Button small refused={held} aria-label={`Edit ${title}`} onClick={() => open('edit')}>
            Edit
          </Button>
          <Button
            small
            refused={held}
            aria-label={`${status === 'published' ? 'Unpublish' : 'Publish'} ${title}`}
            onClick={() => void publish()}
          >
            {status === 'published' ? 'Unpublish' : 'Publish'}
          </Button>
        </>
      )}
      <Menu trigger={<IconButton ref={more} small icon="more" label={`More for ${title}`} />}>
        <MenuItem icon="clock" onSelect={() => openFromMenu('history')}>
          History
        </MenuItem>
        {status !== 'deleted' && (
          <MenuItem icon="trash" disabled={held !== null} onSelect={() => openFromMenu('remove')}>
            Delete…
          </MenuItem>
        )}
      </Menu>
    </div>
  )
}

/** Lights the row up when its version changes; it stands still for those who want that. */
function useHighlight(version: number) {
  const row = useRef<HTMLTableRowElement>(null)
  const before = useRef(version)
  useEffect(() => {
    if (before.current === version) return
    before.current = version
    if (matchMedia('(prefers-reduced-motion: reduce)').matches) return
    const frames = [{ backgroundColor: 'var(--accent-ground)' }, { backgroundColor: 'transparent' }]
    row.current?.animate(frames, { duration: 2400, easing: 'ease-out' })
  }, [version])
  return row
}
