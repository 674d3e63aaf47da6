import { expect, it } from 'vitest'
import { blogViews, postsView } from './blog/blog-views.ts'
import type { FoldInput } from './define-domain.ts'
import { sensorsViews } from './sensors/sensors-views.ts'

const inputOf = (type: string, category: string, data: object): FoldInput => {
  const event = {
    id: '1',
    source: '/test',
    subject: 'quay-1',
    time: '2026-03-01T12:00:00Z',
    type,
    category,
    data,
  }
  return { topic: 't', partition: 0, offset: 0, event }
}

it.each([
  ['sensors', sensorsViews.views.sensors, inputOf('sensor.reading', 'sensor.reading', { temperature: 20 })],
  [
    'aggregates',
    sensorsViews.views.aggregates,
    inputOf('sensor.reading', 'sensor.reading', { humidity: 20 }),
  ],
  ['recent-alerts', sensorsViews.views['recent-alerts'], inputOf('sensor.alert', 'sensor.alert', {})],
  ['posts', blogViews.views.posts, inputOf('blog.post.created', 'blog.post', { title: 'Tides' })],
])('the view %s leaves what a later version keeps in its state', (_, { initial, apply }, input) => {
  const state = { ...initial('quay-1'), added: { later: true } }

  // Each view takes its own state: the table holds pairs that belong together.
  const after = (apply as (state: object, input: FoldInput, key: string) => object)(state, input, 'quay-1')

  expect(after).not.toBe(state)
  expect(after).toMatchObject({ added: { later: true } })
})

it('a post does not take unknown fields into its state', () => {
  const input = inputOf('blog.post.created', 'blog.post', {
    title: 'Tides',
    version: 99,
    status: 'published',
    x: 1,
  })

  expect(postsView.apply(postsView.initial('p'), input, 'p')).toMatchObject({ version: 1, status: 'draft' })
  expect(postsView.apply(postsView.initial('p'), input, 'p')).not.toHaveProperty('x')
})
