import { Session } from 'node:inspector'
import { connect } from 'node:net'
import { threadId } from 'node:worker_threads'
import { onLines } from './on-lines.ts'

/**
 * Loaded into a stack with `NODE_OPTIONS=--require`: profiles the threads of its process and reads their heaps when the
 * benchmark, which listens on `TIDEWIRE_PROBE`, asks for it. Between two requests it costs nothing.
 */
export type ProbeRequest = { readonly id: number; readonly do: 'heap' | 'start' | 'stop' }
/** What one thread answers: the bytes of its heap after a collection, or the profile since `start`. */
export type ThreadReport = { readonly thread: string; readonly bytes?: number; readonly profile?: unknown }
export type ProbeAnswer = {
  readonly id: number
  readonly pid: number
  readonly threads: readonly ThreadReport[]
}

type Call = (method: string, params?: object) => Promise<Record<string, unknown>>
type WorkerInfo = {
  readonly sessionId: string
  readonly workerInfo: { readonly url: string; readonly title: string }
}
type FromWorker = { readonly sessionId: string; readonly message: string }

const SAMPLING_MICROS = 500

if (threadId === 0 && process.env.TIDEWIRE_PROBE) listen(Number(process.env.TIDEWIRE_PROBE))

function listen(port: number): void {
  const session = new Session()
  session.connect()
  const post: Call = (method, params = {}) =>
    new Promise((resolve, reject) => {
      session.post(method as 'Runtime.enable', params as never, (error, result) =>
        error ? reject(error) : resolve((result ?? {}) as Record<string, unknown>),
      )
    })
  const workers = followWorkers(session, post)
  const socket = connect(port, '127.0.0.1')
  socket.unref()
  socket.on('error', () => {}) // the benchmark has ended
  onLines(socket, async (line) => {
    const { id, do: what } = JSON.parse(line) as ProbeRequest
    const targets = [['main', post] as const, ...workers()]
    const reports = await Promise.all(
      targets.map(([thread, call]) => ask(what, call).then((found): ThreadReport => ({ thread, ...found }))),
    )
    socket.write(`${JSON.stringify({ id, pid: process.pid, threads: reports } satisfies ProbeAnswer)}\n`)
  })
}

async function ask(what: ProbeRequest['do'], call: Call): Promise<Omit<ThreadReport, 'thread'>> {
  if (what === 'heap') {
    await call('HeapProfiler.collectGarbage')
    return { bytes: Number((await call('Runtime.getHeapUsage')).usedSize) }
  }
  if (what === 'stop') return { profile: (await call('Profiler.stop')).profile }
  await call('Profiler.enable')
  await call('Profiler.setSamplingInterval', { interval: SAMPLING_MICROS })
  await call('Profiler.start')
  return {}
}

/** Attaches to the worker threads that there are and will be. Returns them, each named by its file. */
function followWorkers(session: Session, post: Call): () => [string, Call][] {
  const workers = new Map<
    string,
    { name: string; waiting: Map<number, (result: Record<string, unknown>) => void> }
  >()
  let last = 0
  session.on('NodeWorker.attachedToWorker', ({ params }: { params: WorkerInfo }) => {
    const name = params.workerInfo.url.split('/').at(-1) || params.workerInfo.title
    workers.set(params.sessionId, { name: `${name} ${params.sessionId}`, waiting: new Map() })
  })
  session.on('NodeWorker.detachedFromWorker', ({ params }: { params: { sessionId: string } }) => {
    for (const resolve of workers.get(params.sessionId)?.waiting.values() ?? []) resolve({})
    workers.delete(params.sessionId)
  })
  session.on('NodeWorker.receivedMessageFromWorker', ({ params }: { params: FromWorker }) => {
    const { id, result = {} } = JSON.parse(params.message) as {
      id?: number
      result?: Record<string, unknown>
    }
    if (id === undefined) return
    workers.get(params.sessionId)?.waiting.get(id)?.(result)
    workers.get(params.sessionId)?.waiting.delete(id)
  })
  void post('NodeWorker.enable', { waitForDebuggerOnStart: false })
  return () =>
    [...workers].map(([sessionId, { name, waiting }]) => {
      const call: Call = (method, params = {}) => {
        const id = ++last
        const answered = new Promise<Record<string, unknown>>((resolve) => waiting.set(id, resolve))
        void post('NodeWorker.sendMessageToWorker', {
          sessionId,
          message: JSON.stringify({ id, method, params }),
        })
        return answered
      }
      return [name, call]
    })
}
