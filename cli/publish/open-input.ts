import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { addAbortSignal, type Readable } from 'node:stream'
import { CliError } from '../cli-error.ts'

/** Bytes to read, how many there are (null on a pipe), and how many have been read. */
export type Input = {
  readonly chunks: AsyncIterable<Buffer>
  readonly size: number | null
  readonly bytesRead: () => number
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a directory',
  EACCES: 'reading it is not allowed',
}

/** Opens a file, or stdin for `-`. Throws CliError with the reason; the chunks end with an error when `signal` aborts. */
export async function openInput(file: string, stdin: Readable, signal: AbortSignal): Promise<Input> {
  const size = file === '-' ? null : await sizeOf(file)
  const stream = addAbortSignal(signal, file === '-' ? stdin : createReadStream(file))
  let bytesRead = 0
  async function* read(): AsyncGenerator<Buffer> {
    try {
      for await (const chunk of stream) {
        const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk
        bytesRead += bytes.length
        yield bytes
      }
    } catch (error) {
      throw signal.aborted ? signal.reason : unreadable(file, error)
    }
  }
  return { chunks: read(), size, bytesRead: () => bytesRead }
}

async function sizeOf(file: string): Promise<number | null> {
  try {
    const stats = await stat(file)
    if (stats.isDirectory()) throw Object.assign(new Error('is a directory'), { code: 'EISDIR' })
    return stats.isFile() ? stats.size : null
  } catch (error) {
    throw unreadable(file, error)
  }
}

function unreadable(file: string, cause: unknown): CliError {
  const { code = '', message = String(cause) } =
    cause instanceof Error ? (cause as NodeJS.ErrnoException) : {}
  return new CliError(`cannot read ${file === '-' ? 'stdin' : file}: ${REASONS[code] ?? message}`, { cause })
}
