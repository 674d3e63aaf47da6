import { MEASURES, type Measure } from '#shared/domain/sensors/readings.ts'
import {
  type Aggregates,
  type AggregatesState,
  aggregatesView,
  sensorsViews,
} from '#shared/domain/sensors/sensors-views.ts'
import { FreshnessBadge } from '#web/live/freshness.tsx'
import { useView, ViewBody } from '#web/live/use-view.tsx'
import { DataTable } from '#web/ui/data/data-table.tsx'
import { formatNumber } from '#web/ui/data/format.ts'
import { Card } from '#web/ui/layout/card.tsx'
import { StateMessage } from '#web/ui/layout/state-message.tsx'
import { useNow } from '#web/ui/state/use-now.ts'
import { formatValue, MEASURE_WORDS } from './readings.ts'

type Place = Aggregates['places'][number]

/** The readings of each place today (UTC): count, minimum, average and maximum. */
export function PlacesTable() {
  const view = useView(sensorsViews, 'aggregates')
  const now = useNow()
  const totals =
    view.state && (aggregatesView.present?.(view.state as AggregatesState, now, '') as Aggregates)
  return (
    <Card title="Places today (UTC)" aside={<FreshnessBadge updatedAt={view.updatedAt} />}>
      <ViewBody what="the places" of={[view]}>
        {!totals || totals.places.length === 0 ? (
          <StateMessage kind="empty" title="No readings yet" />
        ) : (
          <DataTable caption="Readings of each place today: minimum, average and maximum" narrow="cards">
            <thead>
              <tr>
                <th scope="col">Place</th>
                <th scope="col" className="number">
                  Readings
                </th>
                {MEASURES.map((measure) => (
                  <th key={measure} scope="col" className="number">
                    {MEASURE_WORDS[measure]}: min · avg · max
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {totals.places.map((place) => (
                <PlaceRow key={place.location} place={place} />
              ))}
            </tbody>
          </DataTable>
        )}
      </ViewBody>
      {totals && <p className="places-total">{`${formatNumber(totals.readings)} readings in total.`}</p>}
    </Card>
  )
}

function PlaceRow({ place }: { place: Place }) {
  const { location, today } = place
  return (
    <tr>
      <th scope="row">{location}</th>
      <td className="number" data-label="Readings">
        {formatNumber(today.readings)}
      </td>
      {MEASURES.map((measure) => (
        <td key={measure} className="number" data-label={MEASURE_WORDS[measure]}>
          {formatRange(today[measure], measure)}
        </td>
      ))}
    </tr>
  )
}

function formatRange(range: Place['today'][Measure], measure: Measure): string {
  if (range === null) return '—'
  const number = (value: number | null) => formatValue(value, measure).split(' ')[0]
  return `${number(range.min)} · ${number(range.average)} · ${formatValue(range.max, measure)}`
}
