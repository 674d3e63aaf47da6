import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { build, type PreviewServer, preview } from 'vite'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { launchBrowser, newContext } from '../browser/support/open-app.ts'
import { publish } from '../support/api.ts'
import { chromiumPath } from '../support/chromium-path.ts'
import { fencedBlocks } from '../support/fenced-blocks.ts'
import { freePorts } from '../support/free-ports.ts'
import { API_KEY, startStack, type TestStack } from '../support/start-stack.ts'

const run = promisify(execFile)
const node = resolve('node_modules/.bin/node')

/** The examples of docs/client.md: a script for Node, one with its own WebSocket, and a page. */
const blocks = fencedBlocks(await readFile('docs/client.md', 'utf8')).filter(({ code }) =>
  code.includes('import'),
)
const [script, scriptWithSocket] = blocks.filter(({ language }) => language === 'js').map(({ code }) => code)
const [page] = blocks.filter(({ language }) => language === 'ts').map(({ code }) => code)

/** Without the variables that npm sets for scripts, because with them npm would install into this repository. */
const env = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) => !/^(npm_(package|lifecycle|config_local)|INIT_CWD)/.test(name),
  ),
)

let stack: TestStack
/** The port of the page, which is not the stack's own: the stack is told of it. */
let pagePort: number | undefined
/** An empty project into which the package was installed from its tarball. */
let project = ''
beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), 'tidewire-client-'))
  await writeFile(
    join(project, 'package.json'),
    JSON.stringify({ name: 'dashboard', private: true, type: 'module' }),
  )
  await run('npm', ['pack', '--workspace', '@tidewire/client', '--pack-destination', project], { env })
  const flags = ['--prefer-offline', '--no-audit', '--no-fund']
  await run('npm', ['install', ...flags, './tidewire-client-0.1.0.tgz'], { cwd: project, env })
  ;[pagePort] = await freePorts(1)
  stack = await startStack({ env: { ALLOWED_ORIGINS: `http://localhost:${pagePort}` } })
})
afterAll(async () => {
  await stack?.dispose()
  await rm(project, { recursive: true, force: true })
})

const arrival = (subject: string, severity = 'high') => ({
  type: 'port.ship.arrived',
  category: 'port.ship',
  severity,
  subject,
  data: { shipId: subject },
})

/** Starts a script of the project. */
async function start(code: string, flags: readonly string[] = []) {
  const file = join(project, `${crypto.randomUUID()}.js`)
  await writeFile(file, code)
  const { httpUrl, socketUrl } = stack
  const own = { TIDEWIRE_URL: httpUrl, TIDEWIRE_SOCKET_URL: socketUrl, TIDEWIRE_KEY: API_KEY }
  const child: ChildProcess = spawn(node, [...flags, file], { cwd: project, env: { ...env, ...own } })
  onTestFinished(() => void child.kill('SIGKILL'))
  const exited = once(child, 'exit').then(([code]) => code)
  const texts = { out: '', err: '' }
  child.stdout?.on('data', (chunk: Buffer) => {
    texts.out += chunk.toString()
  })
  child.stderr?.on('data', (chunk: Buffer) => {
    texts.err += chunk.toString()
  })
  return { child, exited, out: () => texts.out, err: () => texts.err }
}

test('the package has the client, the views of the domains, their types, a README and the license, and nothing else', async () => {
  const installed = await readdir(join(project, 'node_modules'))
  const files = await readdir(join(project, 'node_modules/@tidewire/client'), { recursive: true })

  expect(installed.filter((name) => !name.startsWith('.'))).toEqual(['@tidewire'])
  const domains = ['blog', 'market', 'port', 'sensors'].map((name) => `dist/domains/${name}`)
  const entries = ['dist/client', ...domains].flatMap((name) => [`${name}.js`, `${name}.d.ts`])
  expect(files.filter((name) => name.includes('.') && !name.startsWith('dist/shared/')).sort()).toEqual(
    ['README.md', 'package.json', ...entries].sort(),
  )
  expect(files).toContain('LICENSE')
})

test('a script on Node follows an event, and ends when the client is closed', async () => {
  const { child, exited, out, err } = await start(script ?? '')
  await expect.poll(err).toContain('live')

  const { topic, partition, offset } = await publish(stack.httpUrl, arrival('mv-aurora'))
  await expect.poll(out).toContain('\n')
  child.kill('SIGINT')

  expect(out()).toBe(`${topic}/${partition}@${offset} port.ship.arrived {"shipId":"mv-aurora"}\n`)
  expect(await exited).toBe(0)
})

test('a script on a Node without WebSocket uses the given one', async () => {
  await symlink(resolve('node_modules/ws'), join(project, 'node_modules/ws'), 'junction')
  await publish(stack.httpUrl, arrival('mv-borealis'))
  const { exited, out, err } = await start(scriptWithSocket ?? '', ['--no-experimental-websocket'])

  expect(await exited).toBe(0)
  expect(out()).toContain('port.ship.arrived')
  expect(err()).toBe('') // without a socket there would be errors, and then polling
})

describe.skipIf(chromiumPath() === null)('a page that Vite has bundled', () => {
  let server: PreviewServer
  beforeAll(async () => {
    await mkdir(join(project, 'public'))
    const { httpUrl, socketUrl } = stack
    await writeFile(
      join(project, 'public/config.json'),
      JSON.stringify({ httpUrl, socketUrl, apiKey: API_KEY }),
    )
    await writeFile(
      join(project, 'index.html'),
      '<!doctype html><script type="module" src="/page.ts"></script>',
    )
    await writeFile(join(project, 'page.ts'), page ?? '')
    await build({ root: project, configFile: false, logLevel: 'error' })
    server = await preview({
      root: project,
      configFile: false,
      logLevel: 'error',
      preview: { strictPort: true, ...(pagePort !== undefined && { port: pagePort }) },
    })
  })
  afterAll(() => server?.close())

  test('follows an event and a view', async () => {
    const browser = await launchBrowser()
    onTestFinished(() => browser.close())
    const tab = await (await newContext(browser)).newPage()
    const problems: string[] = []
    tab.on('pageerror', ({ message }) => problems.push(message))
    await tab.goto(server.resolvedUrls?.local[0] ?? '')
    await tab.getByText('(live)').waitFor()
    const before = Number.parseInt((await tab.locator('output').textContent()) ?? '', 10)

    await publish(stack.httpUrl, arrival('mv-corona', 'low'))
    await publish(stack.httpUrl, arrival('mv-delphinus', 'high'))
    await tab.getByText(`${before + 2} events (live)`).waitFor()
    await tab.getByText('port.ship.arrived mv-delphinus').waitFor()

    expect(await tab.locator('li').allTextContents()).toEqual(['port.ship.arrived mv-delphinus'])
    expect(problems).toEqual([])
  })
})

describe('the types', () => {
  const consumer = `
    import { connect, type ClientError, type Credentials, type CursorStorage, SubscribeError, type Tidewire } from '@tidewire/client'
    import { blogViews } from '@tidewire/client/domains/blog'
    import { marketViews } from '@tidewire/client/domains/market'
    import { portViews } from '@tidewire/client/domains/port'
    import { sensorsViews } from '@tidewire/client/domains/sensors'

    const credentials: Credentials = { token: async () => 'token' }
    const storage: CursorStorage = localStorage
    const onError = ({ code, detail }: ClientError): void => console.error(code, detail)
    const tidewire: Tidewire = connect({ httpUrl: '', socketUrl: '', credentials, storage, onError })
    const stop: () => void = tidewire.subscribe(
      { channels: ['port.*'], filter: { severity: ['high'] }, since: 'earliest' },
      ({ offset, event }) => offset.toFixed() + event.type.trim(),
      { onGap: ({ reason }) => reason satisfies 'too_far' | 'trimmed' | 'epoch' | 'ahead', onState: (state) => state === 'live' },
    )
    stop()
    const total: number | undefined = tidewire.view(portViews, 'statistics').current().states.get('')?.total
    tidewire.view(blogViews, 'posts').close()
    console.log(total, marketViews.name, sensorsViews.name, new SubscribeError('closed', '').code)

    // @ts-expect-error: a key and a token are two callers
    connect({ httpUrl: '', socketUrl: '', credentials: { apiKey: '', token: async () => '' } })
    // @ts-expect-error: the port has no such view
    tidewire.view(portViews, 'candles')
    // @ts-expect-error: the total is a number
    tidewire.view(portViews, 'statistics').current().states.get('')?.total.trim()
  `

  test.each([
    ['nodenext', 'nodenext'],
    ['esnext', 'bundler'],
  ])(
    'pass a strict compiler with the module kind %s and the resolution %s',
    async (module, moduleResolution) => {
      const compilerOptions = {
        module,
        moduleResolution,
        target: 'es2022',
        strict: true,
        exactOptionalPropertyTypes: true,
        skipLibCheck: false,
        types: [],
        noEmit: true,
      }
      const file = join(project, `tsconfig.${moduleResolution}.json`)
      await writeFile(join(project, 'consumer.ts'), consumer)
      await writeFile(join(project, 'example.ts'), page ?? '')
      await writeFile(file, JSON.stringify({ compilerOptions, files: ['consumer.ts', 'example.ts'] }))

      const { stdout } = await run(node, [resolve('node_modules/typescript/bin/tsc'), '-p', file]).catch(
        (failure: { stdout: string }) => failure,
      )

      expect(stdout).toBe('')
    },
  )
})
