#!/usr/bin/env node
// Plain JavaScript, so that any Node from 20.19 on can start it. The commands are TypeScript and run on Node 24,
// which npm installs as a dependency.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

const main = new URL('./main.ts', import.meta.url)
const require = createRequire(import.meta.url)

function resolveOrNull(name) {
  try {
    return require.resolve(name)
  } catch {
    return null
  }
}

function findNode() {
  if (Number(process.versions.node.split('.')[0]) >= 24) return process.execPath
  const manifest = resolveOrNull('node/package.json')
  const binary =
    manifest && join(dirname(manifest), 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
  return binary && existsSync(binary) ? binary : null
}

function startChild(node) {
  const child = spawn(node, [fileURLToPath(main), ...process.argv.slice(2)], { stdio: 'inherit' })
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']
  for (const signal of signals) process.on(signal, () => child.kill(signal))
  child.on('error', (error) => {
    console.error(`tidewire: cannot start ${node}: ${error.message}`)
    process.exitCode = 1
  })
  child.on('exit', (code, signal) => {
    for (const name of signals) process.removeAllListeners(name)
    // Ends by the same signal, so that a calling shell sees it.
    if (signal) process.kill(process.pid, signal)
    else process.exitCode = code ?? 1
  })
}

const node = resolveOrNull('commander') && findNode()
if (!node) {
  console.error('tidewire: its dependencies are missing; run npm install first')
  process.exitCode = 1
} else if (node === process.execPath) await import(main.href)
else startChild(node)
