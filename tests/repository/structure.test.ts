import { expect, test } from 'vitest'
import { readStructure } from './structure.ts'

const SIBLINGS = 20

test(`a folder has at most ${SIBLINGS} production files: more would be two rooms`, async () => {
  const { folders } = await readStructure()
  // A list: each file is one function of serverless.yml.
  const rooms = folders.filter(([folder]) => folder !== 'functions')

  expect(rooms.filter(([, count]) => count > SIBLINGS)).toEqual([])
})
