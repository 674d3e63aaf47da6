// Installs the dependencies if they are missing or older than the lock file. It is plain JavaScript, because it runs on
// the machine's own Node (>= 20.19) and installs the pinned one. It uses `npm install`, because `npm ci` requires that
// the lock file contains the optional binaries of every platform.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const marker = `${root}node_modules/.tidewire-installed`
const wanted = createHash('sha256')
  .update(readFileSync(`${root}package-lock.json`))
  .digest('hex')

if (!existsSync(marker) || readFileSync(marker, 'utf8') !== wanted) {
  process.stderr.write('Installing dependencies; this takes about a minute the first time …\n')
  const { status } = spawnSync('npm', ['install', '--no-save', '--loglevel=error'], {
    cwd: root,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  })
  if (status !== 0) {
    process.stderr.write(
      'npm install failed; its output is above. Fix the cause and run the command again.\n',
    )
    process.exit(1)
  }
  writeFileSync(marker, wanted)
}
