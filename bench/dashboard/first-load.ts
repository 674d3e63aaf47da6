import type { Page } from 'playwright-core'
import type { Row } from '../measure.ts'

/** Scripts that wait for others: what a first page shows does not need them. */
const LATER = /cognito|tslib|menu|palette|shortcut-help/

/** Loads the page that is open anew, and sums up the scripts that came, as they were sent: compressed. */
export async function firstLoad(page: Page, name: string, isThere: () => Promise<void>): Promise<Row> {
  const scripts: { file: string; bytes: number }[] = []
  page.on('response', (response) => {
    const file = new URL(response.url()).pathname.split('/').at(-1) ?? ''
    const { 'content-length': bytes = '0', 'content-encoding': encoding } = response.headers()
    if (!file.endsWith('.js')) return
    if (encoding !== 'gzip') throw new Error(`${file} came without compression`)
    scripts.push({ file, bytes: Number(bytes) })
  })
  await page.reload()
  await isThere()
  await page.waitForLoadState('networkidle')
  page.removeAllListeners('response')
  const later = scripts.filter(({ file }) => LATER.test(file))
  const sum = (list: typeof scripts) => list.reduce((total, { bytes }) => total + bytes, 0)
  return {
    page: name,
    'gzipped JavaScript kB': (sum(scripts) - sum(later)) / 1000,
    files: scripts.length - later.length,
    'and later kB': sum(later) / 1000,
    'which is':
      later.map(({ file, bytes }) => `${file.replace(/-[\w-]{8}\.js$/, '')} ${bytes}`).join(', ') || '–',
  }
}
