import { createHmac, randomUUID } from 'node:crypto'
import { createRequire } from 'node:module'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Receipt, readLog } from '../support/api.ts'
import { startStack, type TestStack } from '../support/start-stack.ts'

type Example = { name: string; examples: unknown[] }
const examples = (createRequire(import.meta.url)('@octokit/webhooks-examples') as Example[]).flatMap(
  ({ name, examples: payloads }) => payloads.map((payload) => ({ name, body: JSON.stringify(payload) })),
)
const deliveries = examples.map((example) => ({ ...example, delivery: randomUUID() }))
type Delivery = (typeof deliveries)[number]

/** Posts as GitHub does: the signature is HMAC-SHA256 over the raw body. */
async function deliver(url: string, { name, body, delivery }: Delivery, sent = body) {
  const signature = createHmac('sha256', 'local-secret-github').update(body).digest('hex')
  const response = await fetch(`${url}/webhooks/github`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-github-event': name,
      'x-github-delivery': delivery,
      'x-hub-signature-256': `sha256=${signature}`,
    },
    body: sent,
  })
  return { status: response.status, json: (await response.json()) as Receipt }
}

describe('GitHub’s example payloads, posted as GitHub posts them', () => {
  let stack: TestStack
  beforeAll(async () => {
    stack = await startStack()
  })
  afterAll(() => stack?.dispose())

  it('are accepted, typed and stored once; redelivered they change nothing; tampered with they are refused', async () => {
    const first: Receipt[] = []
    for (const one of deliveries) {
      const { status, json } = await deliver(stack.httpUrl, one)
      expect(status, one.name).toBe(202)
      first.push(json)
    }
    // The log may have events of other runs, because a Kafka cluster outlives a stack.
    const sent = new Set<string>(deliveries.map(({ delivery }) => delivery))
    const stored = async () =>
      (await readLog(stack.httpUrl, 'github.**')).filter(({ event }) => sent.has(event.id))
    await expect.poll(async () => (await stored()).length).toBe(deliveries.length)

    for (const [index, one] of deliveries.entries()) {
      const again = await deliver(stack.httpUrl, one)
      const tampered = await deliver(stack.httpUrl, one, one.body.replace('"', '" '))

      expect([again.status, again.json]).toEqual([202, first[index]])
      expect(tampered.status).toBe(401)
    }

    const log = await stored()
    const types = deliveries.map(({ name }) => `github.${name}`)
    expect(log.map(({ event }) => event.type).sort()).toEqual(types.sort())
    process.stdout.write(
      `GitHub: ${first.length} accepted, ${log.length} stored, as many redelivered and tampered with\n`,
    )
  })
})
