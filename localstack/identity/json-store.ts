import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { DataStoreFactory } from 'cognito-local/lib/services/dataStore/factory.js'
import { writeFileAtomically } from '../broker/storage/durable-files.ts'

type Tree = Record<string, unknown>

/** Where the emulator keeps its pools: one JSON file each, whole after a `kill -9`, which its own store does not promise. */
export function jsonStoreFactory(directory: string): DataStoreFactory {
  mkdirSync(directory, { recursive: true })
  return {
    async create(_, id, defaults) {
      const path = join(directory, `${id}.json`)
      const root: Tree = existsSync(path)
        ? JSON.parse(readFileSync(path, 'utf8'), reviveDates)
        : structuredClone(defaults)
      const save = () => writeFileAtomically(path, JSON.stringify(root, null, 2))
      save()
      return jsonStore(root, save)
    },
  }
}

function jsonStore(root: Tree, save: () => void): Awaited<ReturnType<DataStoreFactory['create']>> {
  return {
    async getRoot<T>() {
      return root as T
    },
    async get<T>(_: unknown, key: string | string[], fallback?: T) {
      return (find(root, [key].flat()) ?? fallback ?? null) as T
    },
    async set(_, key, value) {
      const [parent, name] = parentOf(root, [key].flat())
      parent[name] = value
      save()
    },
    async delete(_, key) {
      const [parent, name] = parentOf(root, [key].flat())
      delete parent[name]
      save()
    },
  }
}

function find(root: Tree, path: readonly string[]): unknown {
  return path.reduce<unknown>((node, name) => (isTree(node, name) ? node[name] : undefined), root)
}

/** The object that holds the last name of a path, made where it is missing. */
function parentOf(root: Tree, path: readonly string[]): [parent: Tree, name: string] {
  const names = path.slice(0, -1)
  const parent = names.reduce<Tree>((node, name) => {
    if (!Object.hasOwn(node, name)) node[name] = {}
    return node[name] as Tree
  }, root)
  return [parent, path.at(-1) ?? '']
}

function isTree(node: unknown, name: string): node is Tree {
  return typeof node === 'object' && node !== null && Object.hasOwn(node, name)
}

/** The emulator's dates are the values whose name ends with "Date". */
function reviveDates(name: string, value: unknown): unknown {
  return name.endsWith('Date') && typeof value === 'string' ? new Date(value) : value
}
