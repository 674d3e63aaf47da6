import { createServer } from 'node:http'
import express from 'express'
import { Server } from 'socket.io'
import { listen, startConsumer, startProducer } from './kafka.mjs'

// The classic stack: Express takes events and writes them to Kafka, a consumer emits them to the rooms of Socket.IO.

const app = express()
const server = createServer(app)
const io = new Server(server, { transports: ['websocket'] })
const append = await startProducer()

app.use(express.json({ type: () => true }))
app.post('/events', async (request, response) => {
  const events = [request.body].flat()
  if (events.some(({ type, category }) => !type || !category)) return response.status(400).end()
  await append(events)
  response.status(202).json({ accepted: events.length })
})

io.on('connection', (socket) => {
  socket.on('join', async (channel, done) => {
    await socket.join(channel)
    done()
  })
})

await startConsumer((positioned) => io.to(positioned.event.category).emit('event', positioned))
listen(server)
