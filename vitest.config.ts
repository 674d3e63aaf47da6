import { defineConfig } from 'vitest/config'

const excluded = ['**/node_modules/**', '**/.tidewire*/**']

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['{functions,shared,localstack,cli,web}/**/*.test.{ts,tsx}'],
          exclude: excluded,
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'stack',
          include: ['tests/**/*.test.ts'],
          exclude: excluded,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
          expect: { poll: { timeout: 20_000, interval: 50 } },
        },
      },
    ],
  },
})
