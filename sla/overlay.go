package sla

import (
	"encoding/json"
	"fmt"

	"github.com/jirasync/jirasync/internal/rawjson"
)

// Overlay returns record with each named SLA field set to the newest value
// that could be read.
//
// Record and layers are issues as GET issue answers them, each an object with
// a "fields" object; an empty layer, or one whose "fields" is missing or null,
// is skipped. For each field id the value of the last layer in which it is
// readable wins. Readable means present and not an error object: an explicit
// null is an answer and wins, a field that is absent or carries an
// "errorMessage" is unknown and never replaces a value. A field that no layer
// can tell is left in the record as it is. Every other byte of the record is
// kept.
//
// A record fetched with the first account, of which the previous version is
// stored, takes the values of the second account like this:
//
//	record, err = sla.Overlay(record, fields, stored, agentAnswer)
//
// A record or layer that is not a JSON object is an error; the record is then
// returned unchanged.
func Overlay(record []byte, fields []string, layers ...[]byte) ([]byte, error) {
	values := make(map[string]json.RawMessage, len(fields))
	for i, layer := range layers {
		if len(layer) == 0 {
			continue
		}
		if err := readable(layer, fields, values); err != nil {
			return record, fmt.Errorf("sla: layer %d: %w", i, err)
		}
	}
	if len(values) == 0 {
		return record, nil
	}
	issue, err := rawjson.Parse(record)
	if err != nil {
		return record, fmt.Errorf("sla: record: %w", err)
	}
	var target rawjson.Object
	if raw, ok := issue.Get("fields"); ok && !isNull(raw) {
		if target, err = rawjson.Parse(raw); err != nil {
			return record, fmt.Errorf("sla: fields of the record: %w", err)
		}
	}
	for _, id := range fields {
		if value, ok := values[id]; ok {
			target.Set(id, value)
		}
	}
	issue.Set("fields", target.Bytes())
	return issue.Bytes(), nil
}

// readable puts into values what the layer says of each field.
func readable(layer []byte, fields []string, values map[string]json.RawMessage) error {
	issue, err := rawjson.Parse(layer)
	if err != nil {
		return err
	}
	raw, ok := issue.Get("fields")
	if !ok || isNull(raw) {
		return nil
	}
	object, err := rawjson.Parse(raw)
	if err != nil {
		return fmt.Errorf("fields: %w", err)
	}
	for _, id := range fields {
		if value, ok := object.Get(id); ok && Readable(value) {
			values[id] = value
		}
	}
	return nil
}

// Readable reports whether the value of an SLA field says anything: null and
// an SLA object do; an error object, a missing value and anything that is not
// an SLA value do not.
func Readable(value json.RawMessage) bool {
	if len(value) == 0 {
		return false
	}
	_, err := Parse(value)
	return err == nil
}
