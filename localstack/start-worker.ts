import { parentPort, type Transferable, Worker, workerData } from 'node:worker_threads'

/** A service that runs. */
export type Running = { readonly endpoint: string; stop(): Promise<void> }

type WorkerMessage =
  | { type: 'ready'; endpoint: string }
  | { type: 'error'; code: string; message: string }
  | { type: 'log'; line: string }

type Log = (line: string) => void
type Options = {
  readonly data: unknown
  /** The parts of `data` that move to the thread, such as a port. */
  readonly transferList?: readonly Transferable[]
  readonly log?: Log
  /** Called with the reason if the thread ends although nobody stopped it. */
  readonly onDeath?: (reason: string) => void
}

/**
 * Starts a service on a thread of its own, so that it does not block this thread, and waits until it listens.
 * `file` is a module that calls `runAsWorker`; `data` is passed to it.
 * Rejects with the `code` of the service's error if it cannot start. A thread that ends later is told to `onDeath`, and
 * by default logged.
 */
export function startWorker(
  file: URL,
  {
    data,
    transferList = [],
    log = () => {},
    onDeath = (reason) => log(`a thread of the local stack ended: ${reason}`),
  }: Options,
): Promise<Running> {
  const worker = new Worker(file, { workerData: data, transferList: [...transferList], execArgv: [] })
  return new Promise((resolve, reject) => {
    const exited = new Promise<void>((ended) => worker.once('exit', () => ended()))
    let isReady = false
    let isStopping = false
    let reason = ''
    void exited.then(() => {
      if (isReady && !isStopping) onDeath(reason || 'it exited')
    })
    worker.on('message', (message: WorkerMessage) => {
      if (message.type === 'log') log(message.line)
      else if (message.type === 'error') {
        void worker.terminate()
        reject(Object.assign(new Error(message.message), { code: message.code }))
      } else {
        isReady = true
        resolve({
          endpoint: message.endpoint,
          stop() {
            isStopping = true
            worker.postMessage('stop')
            return exited
          },
        })
      }
    })
    worker.once('error', (cause) => {
      reason = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)
      reject(new Error(`a thread of the local stack failed: ${reason}`, { cause }))
    })
  })
}

/**
 * The other side of `startWorker`: starts a service in this worker thread, reports its endpoint or its error, and stops
 * it on request. `start` gets the `data` that was passed to `startWorker`.
 */
export async function runAsWorker<Data>(start: (data: Data, log: Log) => Promise<Running>): Promise<void> {
  const post = (message: WorkerMessage): void => parentPort?.postMessage(message)
  try {
    const { endpoint, stop } = await start(workerData, (line) => post({ type: 'log', line }))
    parentPort?.once('message', async () => {
      await stop()
      process.exit(0)
    })
    post({ type: 'ready', endpoint })
  } catch (error) {
    const { code = 'START_FAILED', message } = error as NodeJS.ErrnoException
    post({ type: 'error', code, message })
  }
}
