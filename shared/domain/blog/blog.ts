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
      .meta({ description: 'The id of the post. If it is missing, the subject is the id.' }),
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
      .meta({ description: 'Who made the change. The server fills it in from the credentials.' }),
  })
  .optional()

/** Defines an event of a post. All of them share one channel; events of the same post stay in their order. */
function definePostEvent(description: string, example: Record<string, unknown>) {
  return {
    schema: post.meta({ description, examples: [example] }),
    category: 'blog.post',
    key: (data: z.infer<typeof post>) => data?.postId,
    actor: 'by',
  }
}

export const blog = defineDomain({
  ...blogViews,
  topics: { 'blog-events': ['blog.**'] },
  events: {
    'blog.post.created': definePostEvent('A draft was created.', {
      postId: 'p-7',
      title: 'Tide tables',
      author: 'Ada',
      tags: ['tides'],
    }),
    'blog.post.updated': definePostEvent('A post was changed.', {
      postId: 'p-7',
      title: 'Reading tide tables',
    }),
    'blog.post.published': definePostEvent('A post was published.', {
      postId: 'p-7',
      slug: 'tide-tables',
    }),
    'blog.post.unpublished': definePostEvent('A post is a draft again.', { postId: 'p-7' }),
    'blog.post.deleted': definePostEvent('A post was deleted.', { postId: 'p-7', by: 'ada@example.org' }),
  },
  simulate: simulateBlog,
})
