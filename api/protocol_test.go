package api_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
)

// Whoever writes a client from docs/protocol.md finds every action, every event, and what each event has.
func TestProtocolHasEveryActionAndEvent(t *testing.T) {
	text, err := os.ReadFile("../docs/protocol.md")
	if err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile("openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	var document struct {
		Components struct {
			Schemas map[string]struct {
				Properties    map[string]struct{ Enum []string }
				Discriminator struct{ Mapping map[string]string }
			}
		}
	}
	if err := json.Unmarshal(raw, &document, json.MatchCaseInsensitiveNames(true)); err != nil {
		t.Fatal(err)
	}
	protocol, schemas := string(text), document.Components.Schemas
	has := func(name, in string) bool { return strings.Contains(in, "`"+name+"`") }
	actions := schemas["Action"].Properties["type"].Enum
	events := schemas["Event"].Discriminator.Mapping
	if len(actions) == 0 || len(events) == 0 {
		t.Fatal("no actions or events in openapi.json")
	}
	for _, action := range actions {
		if !has(action, protocol) {
			t.Errorf("action %s is not there", action)
		}
	}
	rows := 0
	for event, schema := range events {
		if !has(event, protocol) {
			t.Errorf("event %s is not there", event)
		}
		row := regexp.MustCompile("(?m)^\\| `" + event + "` \\|.*$").FindString(protocol)
		if row == "" {
			continue // described in a sentence
		}
		rows++
		for member := range schemas[schema[strings.LastIndex(schema, "/")+1:]].Properties {
			if !slices.Contains([]string{"type", "n", "at", "act", "reason"}, member) && !has(member, row) {
				t.Errorf("event %s has %s", event, member)
			}
		}
	}
	if rows < 20 {
		t.Errorf("%d rows of events", rows)
	}
}
