// Writes a sensor reading straight into Kafka, as a CloudEvent.
//
//	go run ./produce-reading --sensor quay-1 --temperature 21.4 --humidity 63
//	go run ./produce-reading --sensor quay-1 --temperature 21.4 --mode structured
//
// Tidewire stores, pushes and folds it as it does with events over HTTP. A record that is not an event, or a reading
// that cannot be, ends up in the dead letters.
package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

type options struct {
	brokers, topic, sensor, mode string
	measured                     map[string]float64
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, readOptions()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func readOptions() options {
	read := options{measured: map[string]float64{}}
	measure := func(name string) func(string) error {
		return func(text string) error {
			value, err := strconv.ParseFloat(text, 64)
			read.measured[name] = value
			return err
		}
	}
	flag.StringVar(&read.brokers, "brokers", "localhost:9092", "brokers, separated by commas")
	flag.StringVar(&read.topic, "topic", "sensor-readings", "")
	flag.StringVar(&read.sensor, "sensor", "", "the id of the sensor (required)")
	flag.StringVar(&read.mode, "mode", "binary", "binary or structured")
	flag.Func("temperature", "degrees Celsius", measure("temperature"))
	flag.Func("humidity", "per cent", measure("humidity"))
	flag.Parse()
	if read.sensor == "" || (read.mode != "binary" && read.mode != "structured") {
		flag.Usage()
		os.Exit(2)
	}
	return read
}

func run(ctx context.Context, options options) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	// Defaults of the client: acks=all, so the call returns only when the event is durable, and idempotent, so a retry of
	// the client adds nothing.
	client, err := kgo.NewClient(
		kgo.SeedBrokers(strings.Split(options.brokers, ",")...),
		// The client's default is Snappy, which not every reader of the log decodes.
		kgo.ProducerBatchCompression(kgo.GzipCompression(), kgo.NoCompression()),
	)
	if err != nil {
		return err
	}
	defer client.Close()

	id := rand.Text()
	record, err := recordOf(id, options)
	if err != nil {
		return err
	}
	sent, err := client.ProduceSync(ctx, record).First()
	if err != nil {
		return fmt.Errorf("%s did not take the event: %w", options.brokers, err)
	}
	return json.NewEncoder(os.Stdout).Encode(map[string]any{
		"id": id, "topic": sent.Topic, "partition": sent.Partition, "offset": sent.Offset,
	})
}

// recordOf returns the record of a reading. Its key keeps the order of each sensor.
func recordOf(id string, options options) (*kgo.Record, error) {
	data := map[string]any{"sensorId": options.sensor}
	for name, value := range options.measured {
		data[name] = value
	}
	// Id and source together name the event: sending the same pair again adds nothing. Category and severity are derived
	// from the type and the data.
	attributes := map[string]string{
		"specversion": "1.0",
		"id":          id,
		"source":      "/go",
		"type":        "sensor.reading",
		"subject":     options.sensor,
		"time":        time.Now().UTC().Format(time.RFC3339Nano),
	}
	record := &kgo.Record{Topic: options.topic, Key: []byte(options.sensor)}
	header := func(name, value string) {
		record.Headers = append(record.Headers, kgo.RecordHeader{Key: name, Value: []byte(value)})
	}
	var err error
	if options.mode == "binary" {
		// https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/kafka-protocol-binding.md
		for name, value := range attributes {
			header("ce_"+name, value)
		}
		header("content-type", "application/json")
		record.Value, err = json.Marshal(data)
		return record, err
	}
	event := map[string]any{"datacontenttype": "application/json", "data": data}
	for name, value := range attributes {
		event[name] = value
	}
	header("content-type", "application/cloudevents+json")
	record.Value, err = json.Marshal(event)
	return record, err
}
