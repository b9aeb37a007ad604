package sla_test

import (
	"encoding/json"
	"fmt"

	"github.com/jirasync/jirasync/sla"
)

func ExampleParse() {
	value := json.RawMessage(`{"id": "1", "name": "Time to resolution", "completedCycles": [],
		"ongoingCycle": {"breached": false, "goalDuration": {"millis": 28800000}, "elapsedTime": {"millis": 3600000}}}`)
	metric, err := sla.Parse(value)
	if err != nil {
		fmt.Println(err)
		return
	}
	if cycle, ok := metric.Current(); ok {
		fmt.Println(metric.Name, cycle.Elapsed, "of", cycle.Goal)
	}
	_, err = sla.Parse(json.RawMessage(`{"errorMessage": "no agent licence"}`))
	fmt.Println(err)
	// Output:
	// Time to resolution 1h0m0s of 8h0m0s
	// sla: value is not readable for this account
}

func ExampleOverlay() {
	record := []byte(`{"key":"SUP-1","fields":{"customfield_10161":{"errorMessage":"no agent licence"}}}`)
	agent := []byte(`{"key":"SUP-1","fields":{"customfield_10161":{"id":"1","completedCycles":[]}}}`)
	merged, err := sla.Overlay(record, []string{"customfield_10161"}, agent)
	fmt.Println(string(merged), err)
	// Output:
	// {"key":"SUP-1","fields":{"customfield_10161":{"id":"1","completedCycles":[]}}} <nil>
}
