import { setTimeout as sleep } from 'node:timers/promises'
import { WebSocket } from 'ws'

type Place = {
  readonly httpUrl: string
  readonly socketUrl: string
  readonly writerKey: string
  readonly readerKey: string
}
/** Milliseconds from a POST to its frame, and from a read to its response. */
export type Times = {
  readonly frames: readonly number[]
  readonly reads: readonly number[]
  readonly failed: number
}

const CHANNEL = 'bench.flood'
const WRITES_PER_SECOND = 20
const READS_PER_SECOND = 10
/** How long the last frames are waited for, in milliseconds. */
const LAST_FRAMES_MS = 5000

/** What others do while somebody floods: one principal writes, another one hears it over a socket and reads. */
export async function openProbe({ httpUrl, socketUrl, writerKey, readerKey }: Place) {
  const socket = new WebSocket(`${socketUrl}/?key=${readerKey}`)
  const sentAt = new Map<string, number>()
  let frames: number[] = []
  const subscribed = new Promise<void>((resolve, reject) => {
    socket.once('error', reject)
    socket.once('close', () => reject(new Error('the socket of the reader was closed')))
    socket.on('message', (data) => {
      const frame = JSON.parse(String(data)) as { type: string; events?: { event: { id: string } }[] }
      if (frame.type === 'subscribed') resolve()
      for (const { event } of frame.events ?? []) {
        const begin = sentAt.get(event.id)
        if (begin === undefined) continue
        sentAt.delete(event.id)
        frames.push(performance.now() - begin)
      }
    })
  })
  await new Promise((resolve) => socket.once('open', resolve))
  socket.send(JSON.stringify({ action: 'subscribe', id: 's', attempt: 1, channels: [CHANNEL] }))
  await subscribed
  let last = 0

  const write = async () => {
    const id = `probe-${++last}`
    sentAt.set(id, performance.now())
    const body = JSON.stringify({
      type: 'bench.flood',
      category: CHANNEL,
      source: '/bench/floods',
      id,
      data: {},
    })
    const headers = { 'x-api-key': writerKey, 'content-type': 'application/json' }
    const { status } = await fetch(`${httpUrl}/events`, { method: 'POST', headers, body })
    if (status === 202) return true
    sentAt.delete(id)
    return false
  }
  const read = async () => {
    const begin = performance.now()
    const path = `/events?channel=${CHANNEL}&limit=10`
    const response = await fetch(`${httpUrl}${path}`, { headers: { 'x-api-key': readerKey } })
    await response.arrayBuffer()
    return response.status === 200 ? performance.now() - begin : null
  }

  return {
    /** Writes and reads at an even pace, whether or not earlier ones have ended. */
    async run(seconds: number): Promise<Times> {
      frames = []
      const reads: number[] = []
      let failed = 0
      const running: Promise<void>[] = []
      const tick = 1000 / WRITES_PER_SECOND
      const begin = performance.now()
      for (let step = 0; step * tick < seconds * 1000; step++) {
        await sleep(Math.max(0, begin + step * tick - performance.now()))
        running.push(
          write().then(
            (isDone) => void (isDone || failed++),
            () => void failed++,
          ),
        )
        if (step % (WRITES_PER_SECOND / READS_PER_SECOND) === 0)
          running.push(
            read().then(
              (ms) => void (ms === null ? failed++ : reads.push(ms)),
              () => void failed++,
            ),
          )
      }
      await Promise.all(running)
      const patience = performance.now() + LAST_FRAMES_MS
      while (sentAt.size > 0 && performance.now() < patience) await sleep(20)
      const lost = sentAt.size
      sentAt.clear()
      return { frames, reads, failed: failed + lost }
    },
    close: () => socket.terminate(),
  }
}
