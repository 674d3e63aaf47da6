import { expect, test } from 'vitest'
import { type PageFile, pageFile } from './page-files.ts'
import { type PageConfig, type PageStore, pageConfig, removePage, uploadPage } from './upload-page.ts'

const bytes = (text: string) => new TextEncoder().encode(text)
const textOf = ({ body }: PageFile) => new TextDecoder().decode(body)

const config: PageConfig = {
  httpUrl: 'https://abc.execute-api.eu-central-1.amazonaws.com',
  socketUrl: 'wss://def.execute-api.eu-central-1.amazonaws.com/prod',
  identity: { userPoolId: 'eu-central-1_Pool', clientId: 'client', authFlow: 'USER_SRP_AUTH' },
}

/** A store in memory that also notes what was put. */
function memoryStore() {
  const files = new Map<string, PageFile>()
  const put: string[] = []
  const store: PageStore = {
    list: async () => [...files.keys()],
    read: async (path) => {
      const file = files.get(path)
      return file ? textOf(file) : null
    },
    put: async (file) => {
      put.push(file.path)
      files.set(file.path, file)
    },
    remove: async (paths) => {
      for (const path of paths) files.delete(path)
    },
  }
  return { store, files, put }
}

const release = (...assets: readonly string[]) => [
  pageFile('index.html', bytes('<!doctype html>\n<html><head></head><body></body></html>')),
  pageFile('icon.svg', bytes('<svg/>')),
  ...assets.map((name) => pageFile(`assets/${name}`, bytes(name))),
]

test('assets are there before the page that needs them, which comes last', async () => {
  const { store, put } = memoryStore()

  await uploadPage({ files: release('a-1.js', 'a-2.css'), config, store })

  expect(put).toEqual([
    'assets/a-1.js',
    'assets/a-2.css',
    'icon.svg',
    'config.json',
    'index.html',
    'releases.json',
  ])
})

test('files have their types, and only assets are kept for a year', async () => {
  const { store, files } = memoryStore()

  await uploadPage({ files: release('a-1.js'), config, store })

  const seen = [...files.values()].map(({ path, type, caching }) => [path, type, caching])
  expect(seen).toEqual([
    ['assets/a-1.js', 'text/javascript; charset=utf-8', 'public, max-age=31536000, immutable'],
    ['icon.svg', 'image/svg+xml', 'no-cache'],
    ['config.json', 'application/json', 'no-cache'],
    ['index.html', 'text/html; charset=utf-8', 'no-cache'],
    ['releases.json', 'application/json', 'no-cache'],
  ])
})

test('the page has its addresses in config.json, and may send requests to these only', async () => {
  const { store } = memoryStore()

  await uploadPage({ files: release(), config, store })

  expect(JSON.parse((await store.read('config.json')) ?? '')).toEqual(config)
  expect(await store.read('index.html')).toContain(
    '<head>\n    <meta http-equiv="Content-Security-Policy" content="connect-src \'self\' https://abc.execute-api.eu-central-1.amazonaws.com wss://def.execute-api.eu-central-1.amazonaws.com https://cognito-idp.eu-central-1.amazonaws.com" />',
  )
})

test('an asset that is there already is not put again', async () => {
  const { store, put } = memoryStore()
  await uploadPage({ files: release('same-1.js', 'old-1.js'), config, store })
  put.length = 0

  await uploadPage({ files: release('same-1.js', 'new-1.js'), config, store })

  expect(put.filter((path) => path.startsWith('assets/'))).toEqual(['assets/new-1.js'])
})

test('assets of ten releases stay for pages that are open, however often one is uploaded', async () => {
  const { store } = memoryStore()
  await uploadPage({ files: release('first-1.js'), config, store })
  for (let index = 0; index < 12; index += 1)
    await uploadPage({ files: release('second-1.js'), config, store })
  for (let index = 3; index <= 10; index += 1)
    await uploadPage({ files: release(`number-${index}.js`), config, store })
  expect(await store.list()).toContain('assets/first-1.js')

  const { removed } = await uploadPage({ files: release('number-11.js'), config, store })

  expect(removed).toEqual(['assets/first-1.js'])
  expect(await store.list()).toEqual(expect.arrayContaining(['assets/second-1.js', 'assets/number-11.js']))
})

test('a failure before the end leaves the page before', async () => {
  const { store, files } = memoryStore()
  await uploadPage({ files: release('a-1.js'), config, store })
  const before = files.get('index.html')
  const failing = {
    ...store,
    put: async (file: PageFile) => {
      if (file.path === 'config.json') throw new Error('no connection')
      await store.put(file)
    },
  }

  await expect(uploadPage({ files: release('b-1.js'), config, store: failing })).rejects.toThrow(
    'no connection',
  )

  expect(files.get('index.html')).toBe(before)
  expect(await store.list()).toContain('assets/a-1.js')
})

test('an empty bucket is what a removal leaves', async () => {
  const { store } = memoryStore()
  await uploadPage({ files: release('a-1.js'), config, store })

  expect(await removePage(store)).toBe(5)
  expect(await store.list()).toEqual([])
})

const outputs = {
  HttpApiUrl: config.httpUrl,
  ServiceEndpointWebsocket: config.socketUrl,
  UserPoolId: 'eu-central-1_Pool',
  UserPoolClientId: 'client',
}

test('what the page must know is in the outputs of the stack', () => {
  expect(pageConfig(outputs)).toEqual(config)
  expect(pageConfig({ ...outputs, SocketUrl: 'wss://live.example.com' }).socketUrl).toBe(
    'wss://live.example.com',
  )
  expect(pageConfig({ ...outputs, TwoStepSignIn: 'required' }).identity.mfa).toBe('required')
})

test.each(Object.keys(outputs))('without the output %s the error names it', (name) => {
  expect(() => pageConfig({ ...outputs, [name]: undefined })).toThrow(`no output ${name}`)
})
