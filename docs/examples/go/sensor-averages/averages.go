package main

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

const windowSeconds = 300

// An event whose time is further ahead of its record moves nothing, as in Tidewire's views.
const maxLead = 300 * time.Second

var ranges = map[string][2]float64{"temperature": {-90, 100}, "humidity": {0, 100}}

// reading is what one event says about one sensor. Its time is in seconds since 1970.
type reading struct {
	sensor string
	second int64
	values map[string]float64
}

// window is the readings of one sensor up to 5 minutes before the newest one, by the time they were measured at.
type window struct {
	latest   int64
	readings []reading
}

type averages struct {
	records int
	seen    map[[2]string]bool
	windows map[string]*window
}

// measures is the averages of one sensor; null where nothing was measured.
type measures struct {
	Temperature *float64 `json:"temperature"`
	Humidity    *float64 `json:"humidity"`
}

func newAverages() *averages {
	return &averages{seen: map[[2]string]bool{}, windows: map[string]*window{}}
}

// add counts a record, and returns the sensor whose averages it changes; "" if it changes none.
func (a *averages) add(record *kgo.Record) string {
	if record.Attrs.IsControl() {
		return ""
	}
	a.records++
	// The log has what others wrote, so nothing is trusted. A record that is no event is in Tidewire's dead letters.
	event, err := decode(record)
	if err != nil {
		return ""
	}
	read := readReading(event)
	// (source, id) is one event, however often it was sent.
	pair := [2]string{textOf(event["source"]), textOf(event["id"])}
	if read == nil || a.seen[pair] {
		return ""
	}
	a.seen[pair] = true
	if time.Unix(read.second, 0).After(record.Timestamp.Add(maxLead)) {
		return ""
	}
	if a.windows[read.sensor] == nil {
		a.windows[read.sensor] = &window{latest: math.MinInt64}
	}
	a.windows[read.sensor].add(*read)
	return read.sensor
}

func (a *averages) of(sensor string) measures {
	one := a.windows[sensor]
	return measures{Temperature: one.average("temperature"), Humidity: one.average("humidity")}
}

func (a *averages) summary() any {
	all := map[string]measures{}
	for sensor := range a.windows {
		all[sensor] = a.of(sensor)
	}
	return map[string]any{"records": a.records, "averages": all}
}

func (m measures) String() string {
	text := func(value *float64) string {
		if value == nil {
			return "–"
		}
		return fmt.Sprint(*value)
	}
	return text(m.Temperature) + " °C " + text(m.Humidity) + " %"
}

// decode returns the CloudEvent of a record: as headers `ce_…` (binary mode), or as the whole value (structured mode).
func decode(record *kgo.Record) (map[string]any, error) {
	event := map[string]any{}
	for _, header := range record.Headers {
		if name, found := strings.CutPrefix(header.Key, "ce_"); found {
			event[name] = string(header.Value)
		}
	}
	if event["specversion"] == nil {
		err := json.Unmarshal(record.Value, &event)
		return event, err
	}
	var data any
	err := json.Unmarshal(record.Value, &data)
	event["data"] = data
	return event, err
}

// readReading returns the reading of an event; nil if it is none, or has a value that cannot be.
func readReading(event map[string]any) *reading {
	data, isObject := event["data"].(map[string]any)
	// A leap second, which Go does not know, is the second before it.
	text := strings.ReplaceAll(strings.ToUpper(textOf(event["time"])), ":60", ":59")
	measured, err := time.Parse(time.RFC3339, text)
	if event["type"] != "sensor.reading" || !isObject || err != nil {
		return nil
	}
	values := map[string]float64{}
	for name, limits := range ranges {
		value, given := data[name]
		if !given {
			continue
		}
		number, isNumber := value.(float64)
		if !isNumber || number < limits[0] || number > limits[1] {
			return nil
		}
		values[name] = number
	}
	sensor := textOf(event["subject"])
	if id, given := data["sensorId"]; given {
		sensor = textOf(id)
	}
	if len(values) == 0 || sensor == "" {
		return nil
	}
	return &reading{sensor: sensor, second: measured.Unix(), values: values}
}

func (w *window) add(read reading) {
	w.latest = max(w.latest, read.second)
	kept := []reading{}
	for _, one := range append(w.readings, read) {
		if one.second > w.latest-windowSeconds {
			kept = append(kept, one)
		}
	}
	w.readings = kept
}

// average is computed in whole hundredths, so that the order of adding makes no difference.
func (w *window) average(measure string) *float64 {
	sum, count := 0.0, 0.0
	for _, one := range w.readings {
		if value, given := one.values[measure]; given {
			// The conversion keeps the compiler from joining the two operations, which rounds differently on some CPUs.
			sum += math.Floor(float64(value*100) + 0.5)
			count++
		}
	}
	if count == 0 {
		return nil
	}
	mean := math.Floor(sum/count+0.5) / 100
	return &mean
}

func textOf(value any) string {
	text, _ := value.(string)
	return text
}
