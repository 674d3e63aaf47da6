import { StepFailure } from './step.ts'

type Frame = { readonly type: string; readonly [name: string]: unknown }

/** A socket that keeps the frames it gets until somebody asks for them. */
export type SmokeSocket = {
  send(message: object): void
  /** Returns the first frame that fits and was not returned before. Fails if none comes in time, or the socket closes. */
  next(what: string, fits: (frame: Frame) => boolean): Promise<Frame>
  close(): Promise<void>
}

/** Opens a socket. Fails if it does not open within the patience. */
export async function openSmokeSocket(url: string, patienceMs: number): Promise<SmokeSocket> {
  const socket = new WebSocket(url)
  const frames: Frame[] = []
  const looks = new Set<() => void>()
  const look = () => {
    for (const one of [...looks]) one()
  }
  const closed = new Promise<void>((resolve) => socket.addEventListener('close', () => resolve()))
  socket.addEventListener('message', ({ data }) => {
    const frame = readFrame(data)
    if (frame) frames.push(frame)
    look()
  })
  socket.addEventListener('close', look)
  await within(patienceMs, 'the socket did not open', (resolve, reject) => {
    socket.addEventListener('open', () => resolve(undefined))
    socket.addEventListener('error', () => reject(new StepFailure('the socket was refused')))
  })
  return {
    send: (message) => socket.send(JSON.stringify(message)),
    async next(what, fits) {
      let stop = () => {}
      const waiting = within<Frame>(patienceMs, `no ${what} came`, (resolve, reject) => {
        const one = () => {
          const index = frames.findIndex(fits)
          const [found] = index < 0 ? [] : frames.splice(index, 1)
          if (found) resolve(found)
          else if (socket.readyState >= WebSocket.CLOSING) reject(new StepFailure('the socket was closed'))
        }
        looks.add(one)
        stop = () => looks.delete(one)
        one()
      })
      return waiting.finally(() => stop())
    },
    async close() {
      socket.close()
      await closed
    },
  }
}

/** Waits for what `begin` resolves with, as long as the patience lasts. */
async function within<T>(
  ms: number,
  problem: string,
  begin: (resolve: (value: T) => void, reject: (reason: StepFailure) => void) => void,
): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>()
  const late = () => reject(new StepFailure(`${problem} within ${Math.round(ms / 1000)} s`))
  const timer = setTimeout(late, ms)
  begin(resolve, reject)
  return promise.finally(() => clearTimeout(timer))
}

function readFrame(data: unknown): Frame | null {
  try {
    return JSON.parse(String(data)) as Frame
  } catch {
    return null
  }
}
