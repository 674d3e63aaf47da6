import { Worker } from 'node:worker_threads'

/** What a worker of ours tells: first whether it listens, then lines for the log. */
export type WorkerMessage =
  | { type: 'ready'; endpoint: string }
  | { type: 'error'; code: string; message: string }
  | { type: 'log'; line: string }

type Options = { readonly data: unknown; readonly log?: (line: string) => void }

/**
 * Starts a service on a thread of its own, so that it and this thread do not wait for each other, and waits until it
 * listens. The worker stops itself when it is sent `stop`. Throws with the worker's `code` when it cannot start.
 */
export function startWorker(
  file: URL,
  { data, log = () => {} }: Options,
): Promise<{ readonly endpoint: string; stop(): Promise<void> }> {
  const worker = new Worker(file, { workerData: data, execArgv: [] })
  return new Promise((resolve, reject) => {
    const exited = new Promise<void>((ended) => worker.once('exit', () => ended()))
    worker.on('message', (message: WorkerMessage) => {
      if (message.type === 'log') log(message.line)
      else if (message.type === 'error') {
        void worker.terminate()
        reject(Object.assign(new Error(message.message), { code: message.code }))
      } else
        resolve({
          endpoint: message.endpoint,
          stop() {
            worker.postMessage('stop')
            return exited
          },
        })
    })
    worker.once('error', (cause) => {
      log(`a thread of the local stack failed: ${cause}`)
      reject(new Error('a thread of the local stack failed', { cause }))
    })
  })
}
