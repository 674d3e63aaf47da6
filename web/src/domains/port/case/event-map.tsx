import { circleMarker, map as createMap, geoJSON, type Map as LeafletMap } from 'leaflet'
import { useEffect, useRef } from 'react'
import { feature } from 'topojson-client'
import land from 'world-atlas/land-50m.json?url'
import 'leaflet/dist/leaflet.css'

type Props = { readonly latitude: number; readonly longitude: number; readonly label: string }

/** Where something happened, on an outline of the land (Natural Earth). There are no tiles, so no other server is asked. */
export function EventMap({ latitude, longitude, label }: Props) {
  const place = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (!place.current) return
    const map = createMap(place.current, {
      attributionControl: false,
      zoomSnap: 0.5,
      minZoom: 1,
      maxZoom: 11,
    })
    map.setView([latitude, longitude], 6)
    circleMarker([latitude, longitude], { radius: 8, className: 'event-map-place' }).addTo(map)
    const aborter = new AbortController()
    addLand(map, aborter.signal).catch(() => {}) // the place is marked without the outline, too
    return () => {
      aborter.abort()
      map.remove()
    }
  }, [latitude, longitude])
  return (
    <section aria-label={`Map: ${label}, at ${latitude}, ${longitude}`}>
      <div ref={place} className="event-map" />
    </section>
  )
}

async function addLand(map: LeafletMap, signal: AbortSignal): Promise<void> {
  const topology = await (await fetch(land, { signal })).json()
  const outline = feature(topology, topology.objects.land)
  if (!signal.aborted)
    geoJSON(outline, { interactive: false, style: { className: 'event-map-land', fillOpacity: 1 } })
      .addTo(map)
      .bringToBack()
}
