import { describe, expect, test } from 'vitest'
import { parseScopes } from '#shared/core/access/grants.ts'
import { market } from '#shared/domain/market/market.ts'
import { createCatalog } from '#shared/pipeline/catalog.ts'
import { makePrincipal } from '#shared/testing/identity/make-principal.ts'
import { memoryEventStore } from '#shared/testing/memory/memory-event-store.ts'
import { memoryViewStore } from '#shared/testing/memory/memory-view-store.ts'
import { readParts, readState } from './read-view.ts'
import { shownKeys } from './view-access.ts'
import { type NamedView, viewsOf } from './views.ts'

const views = viewsOf([market])
const find = (view: string) => views.find('market', view) as NamedView
const ada = makePrincipal({ name: 'ada' })
const admin = makePrincipal({ name: 'root', role: 'admin' })
const granted = (...scopes: string[]) => ({ ...ada, ...parseScopes(scopes) })

/** A store with these keys of a view, which counts the keys that are read. */
async function createWorld(view: string, keys: readonly string[]) {
  const [store, viewStore] = [memoryEventStore(), memoryViewStore()]
  const { epoch } = await store.topic('market-events')
  const part = { view: `market/${view}`, topic: 'market-events', partition: 0, offset: 0, epoch }
  await viewStore.save(keys.map((key) => ({ ...part, key, state: find(view).view.initial(key) })))
  let read = 0
  const counting = {
    ...viewStore,
    read: async (...given: Parameters<typeof viewStore.read>) => {
      const page = await viewStore.read(...given)
      read += page.parts.length
      return page
    },
  }
  const deps = { store, viewStore: counting, catalog: createCatalog([market]), now: () => 0 }
  return { deps, read: () => read }
}

describe('a view whose keys are users', () => {
  const users = Array.from({ length: 3000 }, (_, index) => `user-${index}`)

  test('shows everybody their own key, and no other is looked at', async () => {
    const { deps, read } = await createWorld('portfolio', [...users, 'ada'])
    const shown = shownKeys(ada, find('portfolio'), { isRaw: false })

    const page = await readState(find('portfolio'), { limit: 50, shown }, deps)

    expect(Object.keys(page.state as object)).toEqual(['ada'])
    expect(page.next).toBeUndefined()
    expect(read()).toBe(1)
  })

  test('refuses the key of another, whether it exists or not', () => {
    for (const key of ['user-1', 'nobody', '*', '~', ''])
      expect(() => shownKeys(ada, find('orders'), { key, isRaw: false })).toThrow('may read nothing')
    expect(shownKeys(ada, find('orders'), { key: 'ada', isRaw: true })).toBe('all')
    expect(shownKeys(admin, find('orders'), { key: 'user-1', isRaw: false })).toBe('all')
    expect(shownKeys(admin, find('orders'), { isRaw: true })).toBe('all')
  })
})

describe('an aggregate view', () => {
  test('is presented to who may read a part of it, and its parts only to who may read all of it', () => {
    const book = find('book')
    expect(shownKeys(ada, book, { key: 'ACME', isRaw: false })).toBe('all')
    for (const key of ['ACME', undefined])
      expect(() => shownKeys(ada, book, { key, isRaw: true })).toThrow('may read nothing')
    expect(shownKeys(admin, book, { key: 'ACME', isRaw: true })).toBe('all')
    const narrow = granted('read:market.tick.ACME')
    expect(shownKeys(narrow, book, { key: 'ACME', isRaw: false })).toBe('all')
    expect(() => shownKeys(narrow, book, { key: 'BRIG', isRaw: false })).toThrow('market.tick.BRIG')
    expect(() => shownKeys(granted('read:port.**'), book, { isRaw: false })).toThrow('may read nothing')
  })
})

describe('a list of a view of which only some keys may be read', () => {
  const symbols = Array.from({ length: 900 }, (_, index) => `S${String(index).padStart(3, '0')}`)

  test('passes over the others, and its "next" is never one of them', async () => {
    const { deps } = await createWorld('volume', symbols)
    const narrow = granted('read:market.tick.S100', 'read:market.tick.S700', 'read:market.tick.S899')
    const shown = shownKeys(narrow, find('volume'), { isRaw: false })
    const seen: string[] = []
    for (let next: string | null = ''; next !== null; ) {
      const page: Awaited<ReturnType<typeof readParts>> = await readParts(
        find('volume'),
        { limit: 1, shown, ...(next && { next }) },
        deps,
      )
      seen.push(...page.parts.map(({ key }) => key))
      if (page.next !== null)
        expect(['S100', 'S700', 'S899'].map((key) => `market/volume/${key}`)).toContain(
          Buffer.from(page.next.slice(1), 'base64url').toString(),
        )
      next = page.next
    }

    expect(seen).toEqual(['S100', 'S700', 'S899'])
  })

  test('is refused where it would have to pass over very many', async () => {
    const { deps, read } = await createWorld(
      'volume',
      Array.from({ length: 5000 }, (_, index) => `S${index}`),
    )
    const shown = shownKeys(granted('read:market.tick.T1'), find('volume'), { isRaw: false })

    await expect(readParts(find('volume'), { limit: 50, shown }, deps)).rejects.toMatchObject({
      code: 'forbidden',
      message: expect.stringContaining('read each by its name'),
    })
    expect(read()).toBe(1500)
  })
})
