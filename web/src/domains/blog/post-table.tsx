import { useEffect, useRef, useState } from 'react'
import type { PostEventType, PostState } from '#shared/domain/blog/blog-views.ts'
import { Badge } from '#web/ui/data/badge.tsx'

import { DataTable } from '#web/ui/data/data-table.tsx'
import { Age } from '#web/ui/data/times.tsx'
import { Button, IconButton } from '#web/ui/form/button.tsx'
import { Menu, MenuItem } from '#web/ui/overlay/menu.tsx'
import { showToast } from '#web/ui/overlay/toaster.tsx'
import { type Attention, useAttention } from '#web/ui/state/use-attention.ts'
import type { Search } from '#web/ui/state/use-search-state.ts'
import { holdOrder } from './list-posts.ts'
import { EVENT_WORDS, STATUS_WORDS } from './post-words.ts'
import type { PostActions } from './use-post-actions.ts'

const PAGE = 50
const HEADS = ['Post', 'Status', 'Author', 'Changed'] as const

type Props = {
  readonly posts: readonly PostState[]
  /** All posts, unfiltered: a post that leaves the list stays in it while the pointer is over it. */
  readonly all: ReadonlyMap<string, PostState>
  /** Identifies the filter: a changed filter makes a new list. */
  readonly filter: string
  readonly actions: PostActions
  readonly refusal: string | null
  /** Whether changes are offered at all. */
  readonly isWriter: boolean
  readonly change: (change: Search, push?: 'push') => void
}

/** The posts, last changed first. The order does not change while the pointer or the focus is in the list. */
export function PostTable({ posts, all, filter, actions, refusal, isWriter, change }: Props) {
  const held = useHeldPosts(posts, all, filter)
  const attention = useAttention(held.hold)
  const [pages, setPages] = useState(1)
  const shown = held.posts.slice(0, pages * PAGE)
  return (
    <div {...attention}>
      <div className="posts-waiting" role="status">
        {held.waiting > 0 && (
          <Button small icon="up" onClick={held.release}>
            {held.waiting === 1 ? 'Show 1 new post' : `Show ${held.waiting} new posts`}
          </Button>
        )}
      </div>
      <DataTable caption="Posts, last changed first" narrow="cards">
        <thead>
          <tr>
            {HEADS.map((head) => (
              <th key={head} scope="col">
                {head}
              </th>
            ))}
            <th scope="col">
              <span className="visually-hidden">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {shown.map((post) => (
            <PostRow
              key={post.postId}
              post={post}
              busy={actions.busy.get(post.postId)}
              act={actions.act}
              refusal={refusal}
              isWriter={isWriter}
              change={change}
            />
          ))}
        </tbody>
      </DataTable>
      {held.posts.length > shown.length && (
        <div className="posts-more">
          <Button small onClick={() => setPages(pages + 1)}>
            {`Show more (${held.posts.length - shown.length} left)`}
          </Button>
        </div>
      )}
    </div>
  )
}

type RowProps = {
  readonly post: PostState
  readonly busy: PostEventType | undefined
  readonly act: PostActions['act']
  readonly refusal: string | null
  /** Whether changes are offered at all. */
  readonly isWriter: boolean
  readonly change: (change: Search, push?: 'push') => void
}

/** A post. It is highlighted when it changes. */
function PostRow(props: RowProps) {
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
        <Badge tone={busy ? 'accent' : tone}>{busy ? EVENT_WORDS[busy].busy : word}</Badge>
      </td>
      <td data-label="By">{author || '—'}</td>
      <td data-label="Changed">
        {updatedAt === null ? '—' : <Age of={updatedAt} />}
        {last && (
          <small className="post-who">
            {last.by} {EVENT_WORDS[last.type].did}
          </small>
        )}
      </td>
      <td className="actions">
        <RowActions {...props} />
      </td>
    </tr>
  )
}

function RowActions({ post, busy, act, refusal, isWriter, change }: RowProps) {
  const { postId, title, status } = post
  const isOffered = isWriter && status !== 'deleted'
  const held = refusal ?? (busy ? EVENT_WORDS[busy].busy : null)
  const toggle = status === 'published' ? 'blog.post.unpublished' : 'blog.post.published'
  const publish = async () => {
    const failure = await act(toggle, post)
    if (failure !== null) showToast({ tone: 'bad', title: `Not confirmed: ${title}`, detail: failure })
  }
  const more = useRef<HTMLButtonElement>(null)
  const open = (name: string) => change({ [name]: postId }, 'push')
  const openFromMenu = (name: string) => {
    more.current?.focus() // the item is removed: the dialog returns the focus here
    open(name)
  }
  return (
    <div className="post-actions">
      {isOffered && (
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
        {isOffered && (
          <MenuItem icon="trash" disabled={held !== null} onSelect={() => openFromMenu('remove')}>
            Delete…
          </MenuItem>
        )}
      </Menu>
    </div>
  )
}

/** Highlights the row when its version changes, unless the user prefers reduced motion. */
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

/**
 * Holds the order of the posts while the pointer or the focus is in the list. `release` shows the waiting posts, and so
 * does a changed `filter`. `all` are the posts without the filter.
 */
function useHeldPosts(posts: readonly PostState[], all: ReadonlyMap<string, PostState>, filter: string) {
  const [held, setHeld] = useState<Attention>(null)
  const [, renew] = useState(0)
  const shown = useRef<{ readonly filter: string; readonly ids: readonly string[] }>({ filter: '', ids: [] })
  const wanted = posts.map(({ postId }) => postId)
  const isSame = held !== null && shown.current.filter === filter && shown.current.ids.length > 0
  const { ids, waiting } = isSame
    ? holdOrder(shown.current.ids, wanted, held === 'pointed')
    : { ids: wanted, waiting: 0 }
  useEffect(() => {
    shown.current = { filter, ids }
  })
  return {
    posts: ids.flatMap((id) => all.get(id) ?? []),
    waiting,
    hold: setHeld,
    release: () => {
      shown.current = { filter: '', ids: [] }
      renew((count) => count + 1)
    },
  }
}
