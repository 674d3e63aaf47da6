import { readdir, readFile } from 'node:fs/promises'

/** Ticks of /proc/<pid>/stat per second on Linux. */
const TICKS = 100

/** Returns the user and system seconds of a process and its ended children so far; NaN on systems without /proc. */
export async function cpuSeconds(pid: number): Promise<number> {
  const fields = await statOf(pid)
  const [own, children] = [Number(fields[11]) + Number(fields[12]), Number(fields[13]) + Number(fields[14])]
  return (own + children) / TICKS
}

/** Returns the CPU seconds of a process and of everything that it has started. */
export async function treeCpuSeconds(pid: number): Promise<number> {
  const seconds = await Promise.all((await treeOf(pid)).map(cpuSeconds))
  return seconds.reduce((sum, each) => sum + (Number.isNaN(each) ? 0 : each), 0)
}

/** Returns the resident memory of a process and of everything that it has started, in MB; 0 without /proc. */
export async function treeMegabytes(pid: number): Promise<number> {
  const sizes = await Promise.all(
    (await treeOf(pid)).map(async (each) => {
      const status = await readFile(`/proc/${each}/status`, 'utf8').catch(() => '')
      return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) / 1024
    }),
  )
  return sizes.reduce((sum, each) => sum + each, 0)
}

/** Returns how many file descriptors a process and everything that it has started have open; 0 without /proc. */
export async function treeDescriptors(pid: number): Promise<number> {
  const counts = await Promise.all(
    (await treeOf(pid)).map(async (each) => (await readdir(`/proc/${each}/fd`).catch(() => [])).length),
  )
  return counts.reduce((sum, each) => sum + each, 0)
}

/** Returns how many threads a process and everything that it has started have; 0 without /proc. */
export async function treeThreads(pid: number): Promise<number> {
  const counts = await Promise.all(
    (await treeOf(pid)).map(async (each) => (await readdir(`/proc/${each}/task`).catch(() => [])).length),
  )
  return counts.reduce((sum, each) => sum + each, 0)
}

/** Sends a signal to a process and everything that it has started. */
export async function signalTree(pid: number, signal: NodeJS.Signals): Promise<void> {
  for (const each of await treeOf(pid)) {
    try {
      process.kill(each, signal)
    } catch {
      // It has ended meanwhile.
    }
  }
}

/** Returns the process and its descendants; none for 0, which is the id of a process that has ended. */
async function treeOf(pid: number): Promise<number[]> {
  if (pid === 0) return []
  const entries = await readdir('/proc').catch(() => [])
  const parents = await Promise.all(
    entries
      .filter((name) => /^\d+$/.test(name))
      .map(async (name) => [Number(name), Number((await statOf(Number(name)))[1])]),
  )
  const tree = [pid]
  for (const each of tree)
    for (const [child = 0, parent] of parents) if (parent === each && !tree.includes(child)) tree.push(child)
  return tree
}

async function statOf(pid: number): Promise<string[]> {
  return afterName(await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ''))
}

/** The fields after the name of the process, which can contain spaces and brackets. */
function afterName(stat: string): string[] {
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
}
