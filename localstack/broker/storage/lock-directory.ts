import { createHash } from 'node:crypto'
import { realpathSync, rmSync } from 'node:fs'
import { connect, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeFolder } from '../../trouble/make-folder.ts'

/** Another broker uses the data directory. */
export class DirectoryInUseError extends Error {
  readonly code = 'DATA_DIR_IN_USE'
  override readonly name = 'DirectoryInUseError'
}

/**
 * Locks a directory for this process, on this machine, until the returned function is called or the process ends.
 * The lock is a local socket, not a file with a process id: it cannot outlive its owner.
 * Throws `DirectoryInUseError` if another process has the lock.
 */
export async function lockDirectory(directory: string): Promise<() => Promise<void>> {
  makeFolder(directory)
  const address = socketFor(realpathSync(directory))
  const server = createServer((socket) => socket.destroy())
  const isLocked = await tryListen(server, address)
  if (!isLocked) {
    if (await isListening(address)) throw new DirectoryInUseError(`${directory} is in use by another broker`)
    rmSync(address, { force: true })
    if (!(await tryListen(server, address))) {
      throw new DirectoryInUseError(`${directory} was taken by another broker`)
    }
  }
  return () => new Promise((resolve) => server.close(() => resolve()))
}

/** The maximum length of a socket's path is about 100 characters (sun_path of unix(7)). */
const LONGEST_SOCKET_PATH = 100

/** In the directory itself, so that it is deleted with it; in the temporary directory if the path is too long. */
function socketFor(directory: string): string {
  const inside = join(directory, 'broker.sock')
  if (process.platform !== 'win32' && inside.length <= LONGEST_SOCKET_PATH) return inside
  const name = `tidewire-broker-${createHash('sha256').update(directory).digest('hex').slice(0, 24)}`
  return process.platform === 'win32' ? `\\\\.\\pipe\\${name}` : join(tmpdir(), `${name}.sock`)
}

function tryListen(server: Server, address: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(false)
      else reject(error)
    })
    server.listen(address, () => resolve(true))
  })
}

function isListening(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(address)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
