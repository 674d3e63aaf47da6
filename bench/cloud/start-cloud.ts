import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Worker } from 'node:worker_threads'

export type Cloud = {
  readonly http: string
  /** Undefined where there is no openssl to make a certificate with. */
  readonly https: string | undefined
  readonly stop: () => Promise<unknown>
}

/** Starts servers on a thread of their own that respond like AWS, at once, so that the rest is the cost of a client. */
export async function startCloud(): Promise<Cloud> {
  const worker = new Worker(new URL('./cloud-process.ts', import.meta.url), {
    workerData: await makeCertificate(),
  })
  const [ports] = (await once(worker, 'message')) as [{ readonly http: number; readonly https?: number }]
  return {
    http: `http://127.0.0.1:${ports.http}`,
    https: ports.https === undefined ? undefined : `https://127.0.0.1:${ports.https}`,
    stop: () => worker.terminate(),
  }
}

async function makeCertificate(): Promise<{ key?: string; cert?: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'tidewire-bench-'))
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  const options = ['-newkey', 'rsa:2048', '-nodes', '-days', '1', '-subj', '/CN=127.0.0.1']
  try {
    await promisify(execFile)('openssl', ['req', '-x509', ...options, '-keyout', key, '-out', cert])
    return { key: await readFile(key, 'utf8'), cert: await readFile(cert, 'utf8') }
  } catch {
    return {}
  } finally {
    await rm(folder, { recursive: true })
  }
}
