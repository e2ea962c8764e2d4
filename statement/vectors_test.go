package statement

import (
	"bytes"
	"encoding/hex"
	stdjson "encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
)

var update = flag.Bool("update", false, "write testdata/vectors anew")

// validVector is a row of valid.json: a statement and what has to be read out of it.
type validVector struct {
	Name     string             `json:"name"`
	Text     string             `json:"text"`
	Kind     Kind               `json:"kind"`
	ID       ID                 `json:"id"`
	Signer   string             `json:"signer"`
	Audience string             `json:"audience"`
	Body     stdjson.RawMessage `json:"body"`
}

// invalidVector is a row of invalid.json: a text and why it is refused. With Kind, it is read as that kind; with
// Audience, it is the audience that is wrong.
type invalidVector struct {
	Name     string        `json:"name"`
	Text     string        `json:"text"`
	Kind     Kind          `json:"kind,omitempty"`
	Audience string        `json:"audience,omitempty"`
	Reason   reason.Reason `json:"reason"`
}

// keyVector is a row of keys.json: text that may be a did:key. Hex is empty for one that is refused.
type keyVector struct {
	Name string `json:"name"`
	DID  string `json:"did"`
	Hex  string `json:"hex,omitempty"`
}

// textVector is a row of texts.json.
type textVector struct {
	Text
	Commitment Commitment `json:"commitment"`
}

// golden is the content of a vector file. With -update it is written; without, the file has to be what the generator
// makes.
func golden[T any](t *testing.T, name string, rows []T) []T {
	t.Helper()
	path := filepath.Join("testdata", "vectors", name)
	want, err := jsonOf(rows)
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(path, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(have, want) {
		t.Errorf("%s is not what its generator makes; after looking at the change: go test ./statement -update", path)
	}
	var read []T
	if err := stdjson.Unmarshal(have, &read); err != nil {
		t.Fatal(err)
	}
	return read
}

// jsonOf is the text of a vector file.
func jsonOf[T any](rows []T) ([]byte, error) {
	var b bytes.Buffer
	e := stdjson.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	err := e.Encode(rows)
	return b.Bytes(), err
}

func TestValidVectors(t *testing.T) {
	seen := map[Kind]int{}
	for _, v := range golden(t, "valid.json", validVectors(t)) {
		t.Run(v.Name, func(t *testing.T) {
			s, err := Parse(v.Text)
			if err != nil {
				t.Fatalf("refused: %v", err)
			}
			seen[s.Kind()]++
			if s.Kind() != v.Kind || s.ID() != v.ID || s.Signer().String() != v.Signer || s.Audience() != v.Audience {
				t.Errorf("read as %s %s by %s for %s", s.Kind(), s.ID(), s.Signer(), s.Audience())
			}
			if s.Text() != v.Text {
				t.Error("the text has changed")
			}
			var body bytes.Buffer
			if err := stdjson.Compact(&body, v.Body); err != nil {
				t.Fatal(err)
			}
			if got := mustJSON(s.Body()); !bytes.Equal(got, body.Bytes()) {
				t.Errorf("body %s, want %s", got, body.Bytes())
			}
		})
	}
	for _, e := range examples() {
		if seen[e.body.Kind()] == 0 {
			t.Errorf("no valid vector of kind %s", e.body.Kind())
		}
	}
}

func TestInvalidVectors(t *testing.T) {
	vectors := golden(t, "invalid.json", invalidVectors(t))
	names := map[string]bool{}
	for _, v := range vectors {
		if names[v.Name] {
			t.Errorf("two vectors are named %q", v.Name)
		}
		names[v.Name] = true
		t.Run(v.Name, func(t *testing.T) {
			s, err := new(Parser).parse(v.Text, v.Kind)
			if err == nil && v.Audience != "" {
				err = s.CheckAudience(audience(v.Audience))
			}
			if got := reason.Of(err); got != v.Reason {
				t.Errorf("reason %q, want %q (%v)", got, v.Reason, err)
			}
			if err != nil && v.Audience == "" && !s.IsZero() {
				t.Error("a refusal comes with a statement")
			}
		})
	}
}

func TestKeyVectors(t *testing.T) {
	for _, v := range golden(t, "keys.json", keyVectors()) {
		k, err := identity.ParseDID(v.DID)
		if v.Hex == "" {
			if err == nil {
				t.Errorf("%s: accepted", v.Name)
			}
			continue
		}
		if err != nil || hex.EncodeToString(k[:]) != v.Hex {
			t.Errorf("%s: %x, %v", v.Name, k[:], err)
		}
	}
}

func TestTextVectors(t *testing.T) {
	for _, v := range golden(t, "texts.json", textVectors()) {
		if got := v.Text.Commitment(); got != v.Commitment {
			t.Errorf("%q: %s, want %s", v.Text.Text, got, v.Commitment)
		}
	}
}

// audience lets a text stand for a key or an id.
type audience string

func (a audience) String() string { return string(a) }
