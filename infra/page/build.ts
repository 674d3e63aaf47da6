import { cp, rm } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { buildPage } from './build-page.ts'

/** `npm run build`: builds the web page into web/dist, as a deployment uploads it and the local stack serves it. */
const target = fileURLToPath(new URL('../../web/dist', import.meta.url))
const built = await buildPage()
await rm(target, { recursive: true, force: true })
await cp(built, target, { recursive: true })
process.stdout.write(
  'The page is in web/dist. It reads the addresses of its stack from /config.json, which is not in it.\n',
)
