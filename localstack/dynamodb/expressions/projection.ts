import { invalid } from '../dynamo-error.ts'
import type { AttributeValue, Item } from '../values/attribute-value.ts'
import { type Bindings, doOverlap, memberOf, type Path, parsePath, resolvePath } from './path.ts'
import { type Expression, expressionParser, type TokenReader } from './tokens.ts'

/** Parses `path *("," path)`. Throws ValidationException. */
export const parseProjection = expressionParser((tokens: TokenReader): readonly Path[] => {
  const paths = [parsePath(tokens)]
  while (tokens.takeSymbol(',')) paths.push(parsePath(tokens))
  return paths
})

/** Returns the paths of a projection. Throws ValidationException if one leads to a part of another. */
export function pathsOf({ kind, tree }: Expression<readonly Path[]>, bindings: Bindings): readonly Path[] {
  const paths = tree.map((path) => resolvePath(path, bindings))
  assertDistinct(kind, paths)
  return paths
}

/** Throws ValidationException if one of the paths leads to another or to a part of it. */
export function assertDistinct(kind: string, paths: readonly Path[]): void {
  for (const [index, path] of paths.entries()) {
    const other = paths.find((one, at) => at !== index && doOverlap(one, path) && one.length >= path.length)
    if (other)
      throw invalid(
        `Invalid ${kind}: Two document paths overlap with each other; must remove or rewrite one of these paths; path one: ${described(path)}, path two: ${described(other)}`,
      )
  }
}

function described(path: Path): string {
  return `[${path.map((part) => (typeof part === 'number' ? `[${part}]` : part)).join(', ')}]`
}

/** Returns the parts of an item at resolved paths. Selected elements of a list become a shorter list. */
export function project(item: Item, paths: readonly Path[]): Item {
  const found: Record<string, AttributeValue> = {}
  for (const [name, rests] of byHead(paths)) {
    const value = memberOf(item, String(name))
    const part = value && partOf(value, rests)
    if (part) found[String(name)] = part
  }
  return found
}

type Rest = readonly (string | number)[]

function byHead(paths: readonly Rest[]): Map<string | number, Rest[]> {
  const heads = new Map<string | number, Rest[]>()
  for (const [head = '', ...rest] of paths) heads.set(head, [...(heads.get(head) ?? []), rest])
  return heads
}

function partOf(value: AttributeValue, rests: readonly Rest[]): AttributeValue | undefined {
  if (rests.some((rest) => rest.length === 0)) return value
  const heads = byHead(rests)
  if ('M' in value) {
    const names = rests.filter((rest): rest is Path => typeof rest[0] === 'string')
    const part = project(value.M, names)
    return Object.keys(part).length > 0 ? { M: part } : undefined
  }
  if ('L' in value) {
    const part = value.L.flatMap((element, index) => {
      const selected = heads.get(index)
      return (selected && partOf(element, selected)) ?? []
    })
    return part.length > 0 ? { L: part } : undefined
  }
  return undefined
}
