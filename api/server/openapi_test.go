package server

import (
	"bytes"
	"encoding/json"
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"strconv"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write api/openapi.json anew")

// The committed document is what other clients and the page's types are made from.
func TestOpenAPIDocumentIsCommitted(t *testing.T) {
	h := start(t)
	r := h.ask(request{method: "GET", path: "/openapi.json"})
	r.wantStatus(t, 200)
	if *update {
		if err := os.WriteFile("../openapi.json", []byte(r.body), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	committed, err := os.ReadFile("../openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(committed, []byte(r.body)) {
		t.Error("api/openapi.json differs from the code: run `go test ./api/server -run OpenAPI -update`, " +
			"then openapi-typescript in web")
	}
}

type document struct {
	OpenAPI    string                               `json:"openapi"`
	Paths      map[string]map[string]map[string]any `json:"paths"`
	Components struct {
		Schemas map[string]any `json:"schemas"`
	} `json:"components"`
}

func readDocument(t *testing.T) document {
	t.Helper()
	var d document
	if err := json.Unmarshal(start(t).server.OpenAPI(), &d); err != nil {
		t.Fatal(err)
	}
	return d
}

func TestEveryOperationIsNamedAndCanRefuse(t *testing.T) {
	d := readDocument(t)
	if d.OpenAPI != "3.1.0" {
		t.Errorf("openapi is %s", d.OpenAPI)
	}
	seen := map[string]bool{}
	for path, methods := range d.Paths {
		for method, op := range methods {
			id, _ := op["operationId"].(string)
			if id == "" || seen[id] || op["summary"] == "" {
				t.Errorf("%s %s: operationId %q, summary %q", method, path, id, op["summary"])
			}
			seen[id] = true
			responses, _ := op["responses"].(map[string]any)
			refusal, _ := json.Marshal(responses["default"])
			if !strings.Contains(string(refusal), "application/problem+json") {
				t.Errorf("%s %s has no refusal", method, path)
			}
		}
	}
	if len(seen) != 75 {
		t.Errorf("%d operations; the paths of package api have 75", len(seen))
	}
}

// Every constant of type api.EventType has a schema that the discriminator leads to.
func TestEveryEventIsDescribed(t *testing.T) {
	d := readDocument(t)
	event, _ := d.Components.Schemas["Event"].(map[string]any)
	discriminator, _ := event["discriminator"].(map[string]any)
	mapping, _ := discriminator["mapping"].(map[string]any)
	f, err := parser.ParseFile(token.NewFileSet(), "../event.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	constants := 0
	ast.Inspect(f, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || spec.Type == nil || spec.Type.(*ast.Ident).Name != "EventType" {
			return true
		}
		constants++
		name, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		ref, _ := mapping[name].(string)
		schema, _ := d.Components.Schemas[strings.TrimPrefix(ref, schemas)].(map[string]any)
		properties, _ := schema["properties"].(map[string]any)
		kind, _ := properties["type"].(map[string]any)
		if values, _ := kind["enum"].([]any); len(values) != 1 || values[0] != name {
			t.Errorf("event %s: schema %q has type %v", name, ref, kind)
		}
		return true
	})
	if constants == 0 || constants != len(mapping) {
		t.Errorf("%d events, %d in the discriminator", constants, len(mapping))
	}
}

// Nothing is ever null: optional members are absent, and lists are at least empty.
func TestNothingIsNullable(t *testing.T) {
	d := readDocument(t)
	for name, schema := range d.Components.Schemas {
		text, err := json.Marshal(schema)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(text, []byte(`"null"`)) {
			t.Errorf("%s is nullable in part: %s", name, text)
		}
	}
}
