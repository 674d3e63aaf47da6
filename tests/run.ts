import { accessSync } from 'node:fs'
import { actionlintPath } from './support/actionlint-path.ts'
import { chromiumPath } from './support/chromium-path.ts'
import { goPath } from './support/go-path.ts'
import { promtoolPath } from './support/promtool-path.ts'
import { runVitest } from './support/run-vitest.ts'

/** `npm test`: every suite that this machine can run; prints which suites were skipped and why. */
const needs: readonly [what: string, path: string | null, hint: string][] = [
  [
    'browser tests',
    chromiumPath(),
    'no Chromium; install it (Debian: apt-get install chromium) or set CHROMIUM_PATH',
  ],
  ['kcat against the broker', '/usr/bin/kcat', 'no kcat (Debian: apt-get install kcat)'],
  [
    'kafka-python against the broker',
    '/usr/lib/python3/dist-packages/kafka',
    'no kafka-python (Debian: apt-get install python3-kafka)',
  ],
  ['the Go examples', goPath(), 'no Go (https://go.dev/dl)'],
  ['the alert rules', promtoolPath(), 'no promtool (Debian: apt-get install prometheus, or PROMTOOL)'],
  [
    'the syntax of the workflows',
    actionlintPath(),
    'no actionlint (go install github.com/rhysd/actionlint/cmd/actionlint@latest, or ACTIONLINT)',
  ],
  ['Apache Kafka’s tools against the broker', '/usr/bin/mvn', 'no Maven (Debian: apt-get install maven)'],
]

function exists(path: string | null): boolean {
  try {
    accessSync(path ?? '')
    return path !== null
  } catch {
    return false
  }
}

for (const [what, path, hint] of needs) if (!exists(path)) process.stdout.write(`skipped: ${what}: ${hint}\n`)
const given = process.argv.slice(2)
// `npm run test:deploy` runs what takes minutes and needs tools of Python.
const all = given.some((argument) => argument.startsWith('--project')) ? [] : ['--project=!deploy']
process.exitCode = await runVitest([...all, ...given])
