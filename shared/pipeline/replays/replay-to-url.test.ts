import { describe, expect, test } from 'vitest'
import { standardSchemes } from '#shared/pipeline/webhooks/providers/standard-providers.ts'
import { verifyWebhook } from '#shared/pipeline/webhooks/verify.ts'
import { makeEvent, makeStored } from '#shared/testing/accept/records.ts'
import { type PostReply, urlTarget } from './replay-to-url.ts'
import { ReplayFailure } from './run-replay.ts'

const URL = 'https://hooks.example.com/in'
const SECRET = `whsec_${Buffer.from('a secret of at least 24 bytes').toString('base64')}`
const NOW = 1_700_000_000_000
const EVENTS = ['a', 'b'].map((id, offset) => makeStored({ offset }, makeEvent(id)))
const { signal } = new AbortController()

function createWorld(replies: readonly (PostReply | Error)[]) {
  const posts: { headers: Readonly<Record<string, string>>; body: string }[] = []
  const slept: number[] = []
  let time = NOW
  const target = urlTarget(URL, SECRET, {
    post: async (_, request) => {
      posts.push(request)
      const reply = replies[Math.min(posts.length, replies.length) - 1] ?? { status: 500 }
      if (reply instanceof Error) throw reply
      return reply
    },
    clock: {
      now: () => time,
      elapsed: () => time,
      sleep: async (ms) => {
        slept.push(ms)
        time += ms
      },
    },
    random: () => 0,
  })
  return { target, posts, slept, send: () => target.send(EVENTS, 'batch-1', signal) }
}

describe('a URL as the target of a replay', () => {
  test('gets a CloudEvents batch with a signature of Standard Webhooks', async () => {
    const { send, posts } = createWorld([{ status: 204 }])

    expect(await send()).toEqual({ isTaken: true })

    const [post] = posts
    expect(JSON.parse(post?.body ?? '')).toEqual([makeEvent('a'), makeEvent('b')])
    expect(post?.headers).toMatchObject({
      'content-type': 'application/cloudevents-batch+json; charset=utf-8',
      'webhook-id': 'batch-1',
    })
    const request = { headers: post?.headers ?? {}, body: Buffer.from(post?.body ?? '') }
    const verdict = verifyWebhook({
      ...(request as unknown as Parameters<typeof verifyWebhook>[0]),
      schemes: standardSchemes('webhook'),
      secrets: [SECRET],
      now: new Date(NOW),
    })
    expect(verdict).toEqual({ ok: true })
  })

  test('is tried again after 5xx, 429 and no response, with the same id and growing pauses', async () => {
    const { send, posts, slept } = createWorld([
      { status: 503 },
      { status: 429, retryAfter: '7' },
      new Error('no response'),
      { status: 200 },
    ])

    expect(await send()).toEqual({ isTaken: true })

    expect(new Set(posts.map(({ headers }) => headers['webhook-id']))).toEqual(new Set(['batch-1']))
    expect(slept).toEqual([1000, 7000, 4000])
  })

  test('waits until the date of a Retry-After, but not longer than a minute', async () => {
    const date = new Date(NOW + 30_000).toUTCString()
    const soon = createWorld([{ status: 503, retryAfter: date }, { status: 200 }])
    await soon.send()
    expect(soon.slept).toEqual([30_000])

    const late = createWorld([{ status: 503, retryAfter: '3600' }, { status: 200 }])
    await late.send()
    expect(late.slept).toEqual([60_000])
  })

  test('that does not recover is left to a later worker', async () => {
    const { send, posts } = createWorld([{ status: 500 }])
    await expect(send()).rejects.toMatchObject({
      code: 'unavailable',
      message: 'the URL answered 500, 5 times',
    })
    expect(posts).toHaveLength(5)
  })

  test.each([400, 404, 301, 302])('refuses a batch for good with %i', async (status) => {
    const { send, posts } = createWorld([{ status }])
    expect(await send()).toEqual({ isTaken: false, reason: `the URL answered ${status}` })
    expect(posts).toHaveLength(1)
  })

  test('ends the replay with 410, and where its name leads inside', async () => {
    await expect(createWorld([{ status: 410 }]).send()).rejects.toBeInstanceOf(ReplayFailure)
    await expect(createWorld([new ReplayFailure('inside')]).send()).rejects.toThrow('inside')
  })

  test('gets large events in batches of their own', async () => {
    const { target, posts } = createWorld([{ status: 200 }])
    const large = ['a', 'b', 'c'].map((id, offset) =>
      makeStored({ offset }, makeEvent(id, { data: 'x'.repeat(120_000) })),
    )
    await target.send(large, 'batch-1', signal)
    expect(posts.map(({ headers, body }) => [headers['webhook-id'], JSON.parse(body).length])).toEqual([
      ['batch-1', 2],
      ['batch-1.1', 1],
    ])
  })
})
