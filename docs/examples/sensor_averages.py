"""Averages of the last 5 minutes of every sensor, computed by a consumer of our own from the topic sensor-readings.

Tidewire keeps the same averages in its view "sensors". This is how any other program reads the log beside it:
in a consumer group of its own, which takes nothing away from anybody else.

    python3 sensor_averages.py                    continues where the group stopped, prints what changes
    python3 sensor_averages.py --from-beginning   replays the topic first
    python3 sensor_averages.py --until-end        stops at the end of the topic and prints one summary
    python3 sensor_averages.py --group another    a second group, which reads all of it again

Needs kafka-python (Debian: apt-get install python3-kafka).
"""

import argparse
import json
import math
import signal
from datetime import datetime

from kafka import KafkaConsumer

WINDOW_SECONDS = 300
# An event whose time is further ahead of its record moves nothing, as in Tidewire's views.
MAX_LEAD_SECONDS = 300
RANGES = {"temperature": (-90, 100), "humidity": (0, 100)}


def decode(record):
    """The CloudEvent of a record: as headers `ce_…` (binary mode), or as the whole value (structured mode)."""
    headers = {name: value.decode() for name, value in record.headers}
    if "ce_specversion" not in headers:
        return json.loads(record.value)
    event = {name[3:]: value for name, value in headers.items() if name.startswith("ce_")}
    return {**event, "data": json.loads(record.value)}


def read_reading(event):
    """(sensor, second, values) of a reading, or None: the log holds what others wrote, so nothing is trusted."""
    data = event.get("data")
    if event.get("type") != "sensor.reading" or not isinstance(data, dict) or "time" not in event:
        return None
    values = {measure: data[measure] for measure in RANGES if measure in data}
    for measure, value in values.items():
        low, high = RANGES[measure]
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
            return None
    sensor = data.get("sensorId", event.get("subject"))
    if not values or not sensor:
        return None
    return sensor, math.floor(read_time(event["time"])), values


def read_time(text):
    """Seconds since 1970 of an RFC 3339 time. A leap second, which datetime does not know, is the second before it."""
    text = text.upper().replace(":60", ":59").replace("Z", "+00:00")
    return datetime.fromisoformat(text).timestamp()


class Window:
    """The readings of one sensor up to 5 minutes before the newest one, by the time they were measured at."""

    def __init__(self):
        self.latest = -math.inf
        self.readings = []

    def add(self, second, values):
        self.latest = max(self.latest, second)
        self.readings.append((second, values))
        self.readings = [one for one in self.readings if one[0] > self.latest - WINDOW_SECONDS]

    def average(self, measure):
        # Whole hundredths, so that the order of adding makes no difference.
        values = [math.floor(one[1][measure] * 100 + 0.5) for one in self.readings if measure in one[1]]
        return math.floor(sum(values) / len(values) + 0.5) / 100 if values else None


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--brokers", default="localhost:9092")
    parser.add_argument("--topic", default="sensor-readings")
    parser.add_argument(
        "--group", default="sensor-averages-py", help="the consumer group, which remembers how far it has read"
    )
    parser.add_argument("--from-beginning", action="store_true", help="read the topic from its beginning")
    parser.add_argument("--until-end", action="store_true", help="stop at what is the end of the topic at the start")
    options = parser.parse_args()

    # After Ctrl-C the records that were read are counted and committed, and the member leaves its group.
    stopping = []
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: stopping.append(name))
    consumer = KafkaConsumer(
        options.topic,
        bootstrap_servers=options.brokers,
        group_id=options.group,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
    )
    while not consumer.assignment() and not stopping:
        consumer.poll(100)
    # Polling for the assignment may have moved on already: go back to where this run is to begin.
    for partition in consumer.assignment():
        start = 0 if options.from_beginning else consumer.committed(partition) or 0
        consumer.seek(partition, max(start, consumer.beginning_offsets([partition])[partition]))
    ends = consumer.end_offsets(consumer.assignment())

    windows, seen, records = {}, set(), 0

    def is_done():
        return stopping or (options.until_end and all(consumer.position(one) >= end for one, end in ends.items()))

    while not is_done():
        for batch in consumer.poll(500).values():
            for record in batch:
                records += 1
                try:
                    event = decode(record)
                    reading = read_reading(event)
                except (ValueError, AttributeError):
                    continue  # no event at all: Tidewire has it in its dead letters
                # (source, id) is one event, however often it was sent.
                if reading is None or (event.get("source"), event.get("id")) in seen:
                    continue
                seen.add((event.get("source"), event.get("id")))
                sensor, second, values = reading
                if second > record.timestamp / 1000 + MAX_LEAD_SECONDS:
                    continue
                window = windows.setdefault(sensor, Window())
                window.add(second, values)
                if not options.until_end:
                    print(sensor, window.average("temperature"), "°C", window.average("humidity"), "%", flush=True)
        # Committed after the work: what a crash interrupts is read again.
        consumer.commit()
    averages = {sensor: {measure: one.average(measure) for measure in RANGES} for sensor, one in windows.items()}
    print(json.dumps({"records": records, "averages": averages}))
    consumer.close()


if __name__ == "__main__":
    main()
