import * as z from 'zod'
import { defineDomain } from '#shared/domain/define-domain.ts'
import { blogViews, MOST_TAGS, POST_LIMITS } from './blog-views.ts'
import { simulateBlog } from './simulate-blog.ts'

const { id, title, slug, author, excerpt, content, tag } = POST_LIMITS
const post = z
  .looseObject({
    postId: z
      .string()
      .max(id)
      .optional()
      .meta({ description: 'Names the post; without it the subject does.' }),
    title: z.string().max(title).optional(),
    slug: z.string().max(slug).optional(),
    author: z.string().max(author).optional(),
    excerpt: z.string().max(excerpt).optional(),
    content: z.string().max(content).optional(),
    tags: z.array(z.string().max(tag)).max(MOST_TAGS).optional(),
    by: z
      .string()
      .max(author)
      .optional()
      .meta({ description: 'Who did it; without it the source of the event.' }),
  })
  .optional()

/** What all events of a post share: one channel, and order among the events of the same post. */
function definePostEvent(description: string, example: Record<string, unknown>) {
  return {
    schema: post.meta({ description, examples: [example] }),
    category: 'blog.post',
    key: (data: z.infer<typeof post>) => data?.postId,
  }
}

export const blog = defineDomain({
  ...blogViews,
  topics: { 'blog-events': ['blog.**'] },
  events: {
    'blog.post.created': definePostEvent('A post was drafted.', {
      postId: 'p-7',
      title: 'Tide tables',
      author: 'Ada',
      tags: ['tides'],
    }),
    'blog.post.updated': definePostEvent('A post was changed.', {
      postId: 'p-7',
      title: 'Reading tide tables',
    }),
    'blog.post.published': definePostEvent('A post can be read by everyone.', {
      postId: 'p-7',
      slug: 'tide-tables',
    }),
    'blog.post.unpublished': definePostEvent('A post is a draft again.', { postId: 'p-7' }),
    'blog.post.deleted': definePostEvent('A post is gone.', { postId: 'p-7', by: 'ada@example.org' }),
  },
  simulate: simulateBlog,
})
