/** A CPU profile as V8 writes it, https://chromedevtools.github.io/devtools-protocol/tot/Profiler/#type-Profile. */
export type CpuProfile = {
  readonly nodes: readonly {
    readonly id: number
    readonly callFrame: { readonly functionName: string; readonly url: string }
  }[]
  readonly samples: readonly number[]
  readonly timeDeltas: readonly number[]
}

/** Time without work, and that of the profile itself. */
const LEFT_OUT = ['(idle)', 'node:inspector', 'bench/profile']

/** Returns the milliseconds of self time by package, built-in module or room of ours; without that of no work. */
export function selfTimes({ nodes, samples, timeDeltas }: CpuProfile): Map<string, number> {
  const owners = new Map(nodes.map(({ id, callFrame }) => [id, ownerOf(callFrame)]))
  const times = new Map<string, number>()
  for (const [index, id] of samples.entries()) {
    const owner = owners.get(id) ?? 'unknown'
    if (LEFT_OUT.includes(owner)) continue
    times.set(owner, (times.get(owner) ?? 0) + (timeDeltas[index] ?? 0) / 1000)
  }
  return times
}

/** Who a function belongs to: a package, `node:net`, two folders of ours, or what V8 writes in brackets. */
export function ownerOf({ functionName, url }: CpuProfile['nodes'][number]['callFrame']): string {
  if (url === '') return functionName.startsWith('(') ? functionName : 'native'
  const modules = url.split('/node_modules/')
  const [first = '', second = ''] = (modules.at(-1) ?? '').split('/')
  if (modules.length > 1) return first.startsWith('@') ? `${first}/${second}` : first
  if (url.startsWith('node:')) return url.replace(/^node:internal\//, 'node:').split('/')[0] ?? url
  if (url.includes('/bench/profile/')) return 'bench/profile'
  const ours = /.*\/(shared|functions|localstack|infra)\/(.+)$/.exec(url)
  if (ours === null) return 'other'
  const [, room = '', path = ''] = ours
  const folders = path.split('/').slice(0, -1)
  return [room, ...folders.slice(0, 2)].join('/')
}
