import { expect, test } from 'vitest'
import { memoryPersonStore } from '#shared/testing/memory/memory-person-store.ts'
import { assertPeople } from './assert-people.ts'

const people = memoryPersonStore([{ name: 'ada@example.com', role: 'viewer' }])
const check = (body: object) => assertPeople({ ...body }, ['assignee', 'owner'], people)

test.each([{}, { assignee: null }, { assignee: 'ada@example.com' }, { note: 'nobody' }])(
  'a body that names people, or nobody, is accepted: %j',
  async (body) => {
    await expect(check(body)).resolves.toBeUndefined()
  },
)

test.each([
  [{ assignee: 'eve@example.com' }, 'there is no user "eve@example.com". GET /users lists the people'],
  [{ assignee: 'Ada@example.com' }, 'do you mean "ada@example.com"?'],
  [{ assignee: 'key:ci' }, 'is a key or a service'],
  [{ assignee: 'service:billing' }, 'is a key or a service'],
  [{ owner: '' }, 'must name a person'],
])('any other name is refused, with what to do: %j', async (body, detail) => {
  await expect(check(body)).rejects.toMatchObject({
    code: 'invalid_event',
    message: expect.stringContaining(detail),
    faults: [{ pointer: `/${Object.keys(body)[0]}` }],
  })
})
