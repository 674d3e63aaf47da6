import type { PostResult, SocketGateway } from '#shared/pipeline/ports.ts'
import type { Random } from '#shared/testing/random.ts'

export type Sockets = ReturnType<typeof createSockets>

/** A gateway whose posts fail, arrive although they failed, arrive late, or arrive twice. */
export function createSockets(random: Random, yieldPoint: () => Promise<void>, note: (text: string) => void) {
  const wires = new Map<string, string[]>()
  let late: { connection: string; frame: string }[] = []
  let faults = 0
  const happens = (likelihood: number) => random.next() < likelihood * faults

  const arrive = (connection: string, frame: string) => void wires.get(connection)?.push(frame)
  const lose = (connection: string, frame: string): PostResult => {
    const fate = random.next()
    if (fate < 0.3) arrive(connection, frame)
    else if (fate < 0.5) late.push({ connection, frame })
    return 'failed'
  }
  const gateway: SocketGateway = {
    async post(connection, frame) {
      await yieldPoint()
      const result = !wires.has(connection)
        ? happens(0.3)
          ? 'sent' // the gateway has not yet detected that the connection is closed
          : 'gone'
        : happens(0.15)
          ? lose(connection, frame)
          : 'sent'
      if (result === 'sent') arrive(connection, frame)
      if (result === 'sent' && happens(0.04)) late.push({ connection, frame })
      note(`post ${connection} ${result} ${frame.slice(0, 300)}`)
      await yieldPoint()
      return result
    },
    async close(connection) {
      wires.delete(connection)
    },
  }
  return {
    gateway,
    faultsAt: (level: number) => {
      faults = level
    },
    open: (connection: string) => void wires.set(connection, []),
    cut: (connection: string) => void wires.delete(connection),
    isOpen: (connection: string) => wires.has(connection),
    /** Returns the next frame of a connection. */
    take: (connection: string) => wires.get(connection)?.shift(),
    hasNext: (connection: string) => (wires.get(connection)?.length ?? 0) > 0,
    /** Delivers one of the late frames. */
    arriveLate: () => {
      const [one] = late.splice(random.pick(late.length), 1)
      if (one) arrive(one.connection, one.frame)
    },
    dropLate: () => {
      late = []
    },
    isEmpty: () => late.length === 0 && [...wires.values()].every((wire) => wire.length === 0),
  }
}
