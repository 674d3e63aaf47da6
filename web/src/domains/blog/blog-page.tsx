import { useRef } from 'react'
import { blogViews, type PostState } from '#shared/domain/blog/blog-views.ts'
import { useAccess } from '#web/live/access.tsx'
import { FreshnessBadge } from '#web/live/freshness.tsx'
import { type Deed, isAllowed } from '#web/live/rights.ts'
import { useRefusal, useView, ViewBody } from '#web/live/use-view.tsx'
import { Button } from '#web/ui/form/button.tsx'
import { Chip } from '#web/ui/form/chip.tsx'
import { Card } from '#web/ui/layout/card.tsx'
import { StateMessage } from '#web/ui/layout/state-message.tsx'
import { useShortcut } from '#web/ui/state/shortcuts.ts'
import { type Search, useSearchState } from '#web/ui/state/use-search-state.ts'
import { countPosts, listPosts, STATUSES } from './list-posts.ts'
import { PostDialogs } from './post-dialogs.tsx'
import { PostTable } from './post-table.tsx'
import { STATUS_WORDS } from './post-words.ts'
import { usePostActions } from './use-post-actions.ts'
import './blog-page.css'

/** Any change of a post, since the same roles make all of them. */
const WRITING: Deed = { publish: 'blog.post.created', on: 'blog.post' }

/** The posts, live. The filter and the open dialog are part of the address. */
export function BlogPage() {
  const view = useView(blogViews, 'posts')
  const actions = usePostActions(view.states)
  const refusal = useRefusal([view], WRITING)
  const isWriter = isAllowed(useAccess(), WRITING)
  const [search, change] = useSearchState()
  const { status = '', find = '' } = search
  const posts = listPosts(view.states.values(), { status, find })
  const write = () => isWriter && change({ edit: 'new' }, 'push')
  useShortcut({ keys: 'n', label: 'Write a post', group: 'Blog' }, write)
  return (
    <div className="blog">
      <header className="blog-head">
        <h1>Blog</h1>
        {isWriter && (
          <Button look="primary" icon="plus" onClick={write}>
            New post
          </Button>
        )}
      </header>
      <Card title="Posts" aside={<FreshnessBadge updatedAt={view.updatedAt} />}>
        <PostFilters search={search} change={change} posts={view.states} />
        <ViewBody what="the posts" of={[view]} lines={8}>
          {posts.length > 0 ? (
            <PostTable
              posts={posts}
              all={view.states}
              filter={`${status} ${find}`}
              actions={actions}
              refusal={refusal}
              isWriter={isWriter}
              change={change}
            />
          ) : status === '' && find === '' ? (
            <StateMessage
              kind="empty"
              title="There are no posts yet"
              detail="Write the first one, or run “npx tidewire simulate blog”."
            />
          ) : (
            <StateMessage kind="filtered" title="No post matches this filter">
              <Button onClick={() => change({ status: '', find: '' })}>Show all posts</Button>
            </StateMessage>
          )}
        </ViewBody>
      </Card>
      <PostDialogs
        view={view}
        search={search}
        actions={actions}
        refusal={refusal}
        onClose={() => change({ edit: '', history: '', remove: '' })}
      />
    </div>
  )
}

type FilterProps = {
  readonly search: Search
  readonly change: (change: Search) => void
  readonly posts: ReadonlyMap<string, PostState>
}

function PostFilters({ search, change, posts }: FilterProps) {
  const box = useRef<HTMLInputElement>(null)
  useShortcut({ keys: '/', label: 'Find a post', group: 'Blog' }, () => box.current?.focus())
  const counts = countPosts(posts.values())
  return (
    <search className="blog-filters">
      {STATUSES.map((status) => (
        <Chip
          key={status}
          pressed={search.status === status}
          onChange={(pressed) => change({ status: pressed ? status : '' })}
        >
          {STATUS_WORDS[status].word} {counts[status]}
        </Chip>
      ))}
      <input
        ref={box}
        type="search"
        aria-label="Find a post by title, author, tag or words"
        placeholder="Title, author, tag…"
        value={search.find ?? ''}
        onChange={({ target }) => change({ find: target.value })}
      />
    </search>
  )
}
