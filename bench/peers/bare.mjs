import { WebSocketServer } from 'ws'
import { listen, startConsumer, startProducer } from './kafka.mjs'
import { takeEvents } from './take-events.mjs'

// The least that pushes events of Kafka to sockets: node:http, kafkajs and ws. It keeps nothing and promises nothing.

const viewers = new Map()
const server = takeEvents(await startProducer())

new WebSocketServer({ server }).on('connection', (socket) => {
  const joined = new Set()
  socket.on('message', (data) => {
    const { join } = JSON.parse(String(data))
    if (!viewers.has(join)) viewers.set(join, new Set())
    viewers.get(join).add(socket)
    joined.add(join)
    socket.send(JSON.stringify({ joined: join }))
  })
  socket.on('close', () => {
    for (const channel of joined) viewers.get(channel).delete(socket)
  })
})

await startConsumer((positioned) => {
  const frame = JSON.stringify(positioned)
  for (const socket of viewers.get(positioned.event.category) ?? []) socket.send(frame)
})
listen(server)
