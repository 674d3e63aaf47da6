import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A wall clock that the processes with its environment read. */
export type FakeClock = {
  readonly env: Readonly<Record<string, string>>
  /** From now on the clock is ahead of the real one by so many seconds; behind it if they are negative. */
  set(seconds: number): Promise<void>
  stop(): Promise<void>
}

const NOWHERE = 'libfaketime is not installed (Debian: apt-get install faketime)'
const LIBRARIES = ['x86_64', 'aarch64'].map(
  (machine) => `/usr/lib/${machine}-linux-gnu/faketime/libfaketime.so.1`,
)

/** Returns the path of libfaketime, or null where it is not installed. */
export function findFaketime(): string | null {
  return LIBRARIES.find((path) => existsSync(path)) ?? null
}

/**
 * Makes a wall clock with https://github.com/wolfcw/libfaketime. Monotonic clocks stay real, as they do when somebody
 * sets the time of a machine. Throws an error if the library is not installed.
 */
export async function createFakeClock(): Promise<FakeClock> {
  const library = findFaketime()
  if (library === null) throw new Error(NOWHERE)
  const folder = await mkdtemp(join(tmpdir(), 'tidewire-clock-'))
  const file = join(folder, 'time')
  const set = (seconds: number) => writeFile(file, `${seconds < 0 ? '' : '+'}${seconds}\n`)
  await set(0)
  return {
    env: {
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_CACHE_DURATION: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      FAKETIME_DONT_RESET: '1',
    },
    set,
    stop: () => rm(folder, { recursive: true, force: true }),
  }
}
