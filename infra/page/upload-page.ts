import type { Outputs } from '../read-stack.ts'
import { ASSETS, type PageFile, pageFile } from './page-files.ts'
import { connectSources } from './page-headers.ts'

/** What holds the files of the page, by their paths: the bucket of a stage. */
export type PageStore = {
  /** Returns the paths of all files. */
  list(): Promise<readonly string[]>
  /** Returns the text of a file, or null if there is none. */
  read(path: string): Promise<string | null>
  put(file: PageFile): Promise<void>
  remove(paths: readonly string[]): Promise<void>
}

/** Where the page finds its stack: what the local stack serves as /config.json. */
export type PageConfig = {
  readonly httpUrl: string
  readonly socketUrl: string
  readonly identity: {
    readonly userPoolId: string
    readonly clientId: string
    readonly authFlow: 'USER_SRP_AUTH' | 'USER_PASSWORD_AUTH'
    readonly endpoint?: string
    readonly mfa?: 'optional' | 'required'
  }
}

type Options = {
  /** A built page, see `readPage`. */
  readonly files: readonly PageFile[]
  readonly config: PageConfig
  readonly store: PageStore
}
type Uploaded = { readonly put: readonly string[]; readonly removed: readonly string[] }

/** Which assets belong to the last releases, the newest first. */
const RELEASES = 'releases.json'
/** Pages that are open load further assets of their own release. */
const KEPT_RELEASES = 10

/**
 * Uploads a page so that it works at any moment: first the assets that are missing, index.html last. Assets of the last
 * releases stay, because pages that are open load them later; older ones are removed. Returns the paths of what was put and
 * removed. Rejects if the store does: what is served then is the page before, or this one.
 */
export async function uploadPage({ files, config, store }: Options): Promise<Uploaded> {
  const present = new Set(await store.list())
  const isAsset = ({ path }: PageFile) => path.startsWith(ASSETS)
  const assets = files.filter(isAsset)
  const missing = assets.filter(({ path }) => !present.has(path))
  await Promise.all(missing.map(store.put))

  const page = files.find(({ path }) => path === 'index.html')
  if (page === undefined) throw new Error('the built page has no index.html')
  const others = files.filter((file) => !isAsset(file) && file !== page)
  const own = [textFile('config.json', JSON.stringify(config)), allowOnly(page, config)]
  for (const file of [...others, ...own]) await store.put(file)

  const current = assets.map(({ path }) => path)
  const releases = nextReleases(readReleases(await store.read(RELEASES)), current)
  await store.put(textFile(RELEASES, JSON.stringify(releases)))
  const kept = new Set(releases.flat())
  const removed = [...present].filter((path) => path.startsWith(ASSETS) && !kept.has(path))
  await store.remove(removed)
  return { put: [...missing, ...others, ...own].map(({ path }) => path), removed }
}

/** The paths of what an upload changes, which a CDN must not keep. */
export const CHANGED_BY_UPLOADS = ['/index.html', '/config.json'] as const

/** Removes every file, so that the bucket can be deleted. */
export async function removePage(store: Pick<PageStore, 'list' | 'remove'>): Promise<number> {
  const paths = await store.list()
  await store.remove(paths)
  return paths.length
}

/** The page with the exact addresses that it may send requests to, beside the header that names those of a region. */
function allowOnly({ path, body }: PageFile, config: PageConfig): PageFile {
  const html = new TextDecoder().decode(body)
  const policy = connectSources(originsOf(config))
  const meta = `<meta http-equiv="Content-Security-Policy" content="${policy}" />`
  const changed = html.replace(/<head>/, `<head>\n    ${meta}`)
  if (changed === html) throw new Error('index.html has no <head>')
  return textFile(path, changed)
}

/** Returns what the page must know, from the outputs of its stack. Throws an error that names what is missing. */
export function pageConfig(outputs: Outputs): PageConfig {
  const required = (name: string) => {
    const value = outputs[name]
    if (value === undefined) throw new Error(`the stack has no output ${name}: deploy it first`)
    return value
  }
  const mfa = outputs.TwoStepSignIn
  return {
    httpUrl: required('HttpApiUrl'),
    socketUrl: outputs.SocketUrl ?? required('ServiceEndpointWebsocket'),
    identity: {
      userPoolId: required('UserPoolId'),
      clientId: required('UserPoolClientId'),
      authFlow: 'USER_SRP_AUTH',
      ...((mfa === 'optional' || mfa === 'required') && { mfa }),
    },
  }
}

/** @see https://docs.aws.amazon.com/general/latest/gr/cognito_identity.html */
function originsOf({ httpUrl, socketUrl, identity }: PageConfig): readonly string[] {
  const [region] = identity.userPoolId.split('_')
  const identityUrl = identity.endpoint ?? `https://cognito-idp.${region}.amazonaws.com`
  return [httpUrl, socketUrl, identityUrl].map((url) => new URL(url).origin)
}

function textFile(path: string, text: string): PageFile {
  return pageFile(path, new TextEncoder().encode(text))
}

type Releases = readonly (readonly string[])[]

function readReleases(text: string | null): Releases {
  return text === null ? [] : (JSON.parse(text) as Releases)
}

/** The same release again is no other one: pages of the one before it are still open. */
function nextReleases(releases: Releases, current: readonly string[]): Releases {
  const [last] = releases
  const isSame = last !== undefined && JSON.stringify(last) === JSON.stringify(current)
  return isSame ? releases : [current, ...releases].slice(0, KEPT_RELEASES)
}
