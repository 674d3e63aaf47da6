import { randomUUID } from 'node:crypto'
import { ListTablesCommand } from '@aws-sdk/client-dynamodb'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { dynamoClient } from '#shared/adapters/dynamodb/dynamo-requests.ts'
import { dynamoRevocationStore } from '#shared/adapters/dynamodb/dynamo-revocation-store.ts'
import type { Role } from '#shared/core/access/role.ts'
import { MESSAGE_LIMITS, SUBSCRIPTION_LIMIT } from '#shared/core/limits.ts'
import { tableClient } from '#shared/testing/dynamodb/start-dynamodb.ts'
import { publish } from '../support/api.ts'
import { type Frame, openSocket, type TestSocket } from '../support/open-socket.ts'
import { addressOf, signIn } from '../support/sign-in.ts'
import { startStack, type TestStack } from '../support/start-stack.ts'

const CONNECTIONS = 6
/** How old may be what a function knows of revocations. */
const KNOWN_FOR_MS = 2000

let stack: TestStack
beforeAll(async () => {
  stack = await startStack({ env: { CONNECTIONS_PER_USER: String(CONNECTIONS) } })
})
afterAll(() => stack?.dispose())

async function buyTicket(
  token: string,
): Promise<{ status: number; ticket: string; credentialExpires: string }> {
  const headers = { authorization: `Bearer ${token}` }
  const response = await fetch(`${stack.httpUrl}/tickets`, { method: 'POST', headers })
  return {
    status: response.status,
    ...((await response.json()) as { ticket: string; credentialExpires: string }),
  }
}
async function openAs(role: Role): Promise<{ socket: TestSocket; token: string }> {
  const { AccessToken: token } = await signIn(stack, role)
  const { ticket } = await buyTicket(token)
  return { socket: await openSocket(stack.socketUrl, `ticket=${ticket}`), token }
}
const isFrame = (type: string, id?: string) => (frame: Frame) =>
  frame.type === type && (id === undefined || frame.id === id)
const untilClosed = ({ socket }: TestSocket) =>
  new Promise<void>((resolve) => {
    if (socket.readyState === socket.CLOSED) resolve()
    else socket.once('close', () => resolve())
  })

/** The revocations of the running stack. */
async function revocations() {
  const endpoint = process.env.DYNAMODB_ENDPOINT ?? `http://127.0.0.1:${stack.ports.DYNAMODB_PORT}`
  const client = dynamoClient({ endpoint, isLocal: true })
  const { TableNames = [] } = await tableClient(endpoint).send(new ListTablesCommand({}))
  const table = TableNames.find((name) => name.endsWith('connections')) ?? ''
  return dynamoRevocationStore(client, { table })
}

test('a user who was revoked gets nothing more: the next event ends the socket, and HTTP is 401', async () => {
  const category = `test.c-${randomUUID()}`
  const { socket, token } = await openAs('admin')
  const { socket: witness } = await openAs('viewer')
  for (const one of [socket, witness]) {
    one.send({ action: 'subscribe', id: 's', channels: [category] })
    await one.next(isFrame('subscribed'))
  }
  const { ticket } = await buyTicket(token)
  const now = Date.now()
  await (await revocations()).revoke(addressOf('admin'), now, now + 3_600_000)

  // What a function knows of revocations may be 2 s old, so the events of the first seconds may still come.
  while (!socket.frames.some(({ type }) => type === 'error')) {
    await publish(stack.httpUrl, { type: 'test.heard', category })
    await witness.next(isFrame('events'))
  }

  expect(await socket.next(isFrame('error'))).toMatchObject({ code: 'expired' })
  await untilClosed(socket)
  const statusOf = async () =>
    (await fetch(`${stack.httpUrl}/events`, { headers: { authorization: `Bearer ${token}` } })).status
  while ((await statusOf()) !== 401 || Date.now() < now + KNOWN_FOR_MS);
  await expect(openSocket(stack.socketUrl, `ticket=${ticket}`)).rejects.toThrow('401')
  await witness.close()
})

test('a socket is refreshed without a drop, with a token of the same user only', async () => {
  const { socket } = await openAs('operator')
  const category = `test.c-${randomUUID()}`
  socket.send({ action: 'subscribe', id: 's', channels: [category] })
  await socket.next(isFrame('subscribed'))

  socket.send({ action: 'refresh', token: (await signIn(stack, 'viewer')).AccessToken })
  expect(await socket.next(isFrame('error'))).toMatchObject({ code: 'forbidden' })
  socket.send({ action: 'refresh', token: 'made-up' })
  expect(await socket.next(isFrame('error'))).toMatchObject({ code: 'unauthenticated' })
  const { AccessToken } = await signIn(stack, 'operator')
  socket.send({ action: 'refresh', token: AccessToken })
  const { expires } = await socket.next(isFrame('refreshed'))
  await publish(stack.httpUrl, { type: 'test.heard', category })
  await socket.next(isFrame('events'))

  expect(expires).toBe((await buyTicket(AccessToken)).credentialExpires)
  await socket.close()
})

test('a viewer gets of "**" what a viewer may read, and is told which channel is not for viewers', async () => {
  const { socket } = await openAs('viewer')
  socket.send({ action: 'subscribe', id: 'no', channels: ['port.**', 'tidewire.audit.**'] })
  expect(await socket.next(isFrame('error', 'no'))).toMatchObject({
    code: 'forbidden',
    detail: expect.stringContaining('tidewire.audit.**'),
  })
  socket.send({ action: 'subscribe', id: 's', channels: ['**'] })
  await socket.next(isFrame('subscribed'))
  const order = { symbol: 'TIDE', side: 'buy', quantity: 1, kind: 'limit', limit: 1 }
  const place = (user: string) =>
    publish(stack.httpUrl, { type: 'market.order.placed', data: { user, orderId: randomUUID(), ...order } })
  await place('somebody@example.com')
  await publish(stack.httpUrl, { type: 'test.end', category: 'test.end' })
  const seen = async (): Promise<unknown[]> => {
    const events = socket.frames.flatMap((frame) => (frame.type === 'events' ? (frame.events as []) : []))
    const categories = events.map(({ event }: { event: { category: string } }) => event.category)
    if (categories.includes('test.end')) return categories
    await socket.next(isFrame('events'))
    return seen()
  }

  expect(await seen()).not.toContainEqual(expect.stringContaining('market.user'))
  await socket.close()
})

test(`a burst gets ${SUBSCRIPTION_LIMIT} subscriptions on a connection and no more`, async () => {
  const { socket } = await openAs('publisher')
  const count = SUBSCRIPTION_LIMIT + 30
  for (let index = 0; index < count; index++)
    socket.send({ action: 'subscribe', id: `s${index}`, channels: [`test.burst-${index}`] })
  const answers: Frame[] = []
  while (answers.length < count)
    answers.push(await socket.next(({ type }) => type === 'subscribed' || type === 'error'))

  expect(answers.filter(({ type }) => type === 'subscribed')).toHaveLength(SUBSCRIPTION_LIMIT)
  expect(answers.filter(({ code }) => code === 'too_large')).toHaveLength(30)
  await socket.close()
})

test('a socket that floods is refused, and then closed', async () => {
  const { socket } = await openAs('publisher')
  for (let index = 0; index < MESSAGE_LIMITS.closing * 3; index++) {
    if (socket.socket.readyState !== socket.socket.OPEN) break
    socket.send({ action: 'ping' })
    if (index % 100 === 0) await new Promise(setImmediate)
  }

  expect(await socket.next(({ code }) => code === 'rate_limited')).toBeDefined()
  await untilClosed(socket)
})

test('a user opens as many sockets as one may have, and a closed one makes room', async () => {
  const { AccessToken } = await signIn(stack, 'viewer')
  const open = async () => openSocket(stack.socketUrl, `ticket=${(await buyTicket(AccessToken)).ticket}`)
  const tries = await Promise.allSettled(Array.from({ length: CONNECTIONS + 4 }, open))
  const opened = tries.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  const refused = tries.flatMap((one) => (one.status === 'rejected' ? [String(one.reason)] : []))

  expect(opened).toHaveLength(CONNECTIONS)
  expect(refused.every((reason) => reason.includes('429'))).toBe(true)
  await opened[0]?.close()
  const again = async (): Promise<TestSocket> => open().catch(again)
  opened.push(await again())
  await Promise.all(opened.map((socket) => socket.close()))
})
