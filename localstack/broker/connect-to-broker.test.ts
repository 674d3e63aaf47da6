import { type AddressInfo, createServer, type Socket } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { connectToBroker, consumerApis } from './connect-to-broker.ts'
import { startTestBroker } from './testing/call-api.ts'

const METADATA = { topics: [], allowAutoTopicCreation: false }

/** A server that does with a connection what a test says. Returns its address. */
async function listen(onConnection: (socket: Socket) => void): Promise<string> {
  const server = createServer(onConnection)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function open(address: string) {
  const connection = await connectToBroker(address, 'test')
  onTestFinished(connection.close)
  return connection
}

test('requests that are sent together get their own responses', async () => {
  const { endpoint } = await startTestBroker()
  const connection = await open(endpoint)

  const [metadata, coordinator] = await Promise.all([
    connection.call(consumerApis.metadata, METADATA),
    connection.call(consumerApis.findCoordinator, { key: 'g', keyType: 0 }),
  ])

  expect(metadata.brokers.map(({ host, port }) => `${host}:${port}`)).toEqual([endpoint])
  expect(coordinator).toMatchObject({ errorCode: 0, port: Number(endpoint.split(':')[1]) })
})

test('a broker that is not there is named with the reason', async () => {
  await expect(connectToBroker('127.0.0.1:9', 'test')).rejects.toThrow('127.0.0.1:9 is not reachable')
})

test('a broker that closes the connection fails what waits for it, and what comes later', async () => {
  const connection = await open(await listen((socket) => socket.once('data', () => socket.destroy())))

  const waiting = connection.call(consumerApis.metadata, METADATA)

  await expect(waiting).rejects.toThrow(/closed the connection|ECONNRESET/)
  await expect(connection.call(consumerApis.metadata, METADATA)).rejects.toThrow()
})

test('a broker that does not respond fails the request by its name', async () => {
  const connection = await open(await listen(() => {}))

  await expect(connection.call(consumerApis.heartbeat, BEAT, 20)).rejects.toThrow(
    'did not respond to Heartbeat within 20 ms',
  )
})

const BEAT = { groupId: 'g', generationId: 1, memberId: 'm' }

test('a response that belongs to no request fails the connection', async () => {
  const reply = Buffer.from([0, 0, 0, 4, 0, 0, 0, 99])
  const connection = await open(await listen((socket) => socket.on('data', () => socket.write(reply))))

  await expect(connection.call(consumerApis.metadata, METADATA)).rejects.toThrow('no response')
})
