import { renderToStaticMarkup } from 'react-dom/server'
import { expect, test } from 'vitest'
import { NO_STATISTICS } from '#shared/domain/port/statistics-view.ts'
import { StatisticsBody } from './statistics-panel.tsx'

test.each([[null], [NO_STATISTICS]])('says so where nothing has happened yet: %j', (state) => {
  expect(renderToStaticMarkup(<StatisticsBody state={state} now={0} />)).toContain('Nothing to count yet')
})

test('shows the distributions from the first event on', () => {
  const state = { ...NO_STATISTICS, total: 1, severities: { info: 1 } }
  expect(renderToStaticMarkup(<StatisticsBody state={state} now={0} />)).toContain('By severity')
})
