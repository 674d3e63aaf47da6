import { useRef } from 'react'
import { FreshnessBadge } from '#web/live/freshness.tsx'
import { ViewBody } from '#web/live/use-view.tsx'
import { Button } from '#web/ui/form/button.tsx'
import { Chip } from '#web/ui/form/chip.tsx'
import { StateMessage } from '#web/ui/layout/state-message.tsx'
import { useShortcut } from '#web/ui/state/shortcuts.ts'
import { useSearchState } from '#web/ui/state/use-search-state.ts'
import { AlertFeed } from './alert-feed.tsx'
import { PlacesTable } from './places-table.tsx'
import { SensorCard, SensorDrawer } from './sensor.tsx'
import { filterSensors, useSensors } from './use-sensors.ts'
import './sensors-page.css'

/** All sensors with their current values, the recent alerts, and today's statistics of each place. */
export function SensorsPage() {
  const view = useSensors()
  const [search, change] = useSearchState()
  const { show = '', find = '', sensor } = search
  const shown = filterSensors(view.sensors, { show, find })
  const opened = view.sensors.find(({ sensorId }) => sensorId === sensor)
  return (
    <div className="sensors">
      <header className="sensors-head">
        <h1>Sensors</h1>
        <SensorFilters show={show} find={find} sensors={view.sensors} change={change} />
        <FreshnessBadge updatedAt={view.updatedAt} />
      </header>
      <ViewBody what="the sensors" of={[view]} lines={8}>
        {view.sensors.length === 0 ? (
          <StateMessage
            kind="empty"
            title="No sensor has reported yet"
            detail="Cards appear with the first sensor.reading event. Run “npx tidewire simulate sensors” to see some."
          />
        ) : shown.length === 0 ? (
          <StateMessage
            kind="filtered"
            title="No sensor matches this filter"
            detail={show === 'attention' ? 'All sensors are normal.' : undefined}
          >
            <Button onClick={() => change({ show: '', find: '' })}>Show all sensors</Button>
          </StateMessage>
        ) : (
          <ul className="sensor-grid" aria-label="Sensors">
            {shown.map((one) => (
              <SensorCard
                key={one.sensorId}
                sensor={one}
                onOpen={() => change({ sensor: one.sensorId }, 'push')}
              />
            ))}
          </ul>
        )}
      </ViewBody>
      <div className="sensors-split">
        <PlacesTable />
        <AlertFeed />
      </div>
      {opened && <SensorDrawer sensor={opened} onClose={() => change({ sensor: '' })} />}
    </div>
  )
}

type FilterProps = {
  readonly show: string
  readonly find: string
  readonly sensors: ReturnType<typeof useSensors>['sensors']
  readonly change: ReturnType<typeof useSearchState>[1]
}

function SensorFilters({ show, find, sensors, change }: FilterProps) {
  const box = useRef<HTMLInputElement>(null)
  useShortcut({ keys: '/', label: 'Find a sensor', group: 'Sensors' }, () => box.current?.focus())
  const count = (wanted: string) => filterSensors(sensors, { show: wanted, find: '' }).length
  const chip = (name: string, words: string) => (
    <Chip pressed={show === name} onChange={(pressed) => change({ show: pressed ? name : '' })}>
      {words} {count(name)}
    </Chip>
  )
  return (
    <search className="sensors-filters">
      {chip('attention', 'Need attention:')}
      {chip('silent', 'Silent:')}
      <input
        ref={box}
        type="search"
        aria-label="Find a sensor or a place"
        placeholder="Find a sensor or a place"
        value={find}
        onChange={({ target }) => change({ find: target.value })}
      />
    </search>
  )
}
