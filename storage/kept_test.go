package storage

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestEveryKeyHasARow reads the layout's constants from the source: a new key without a row in Keeping would be missing
// from exports, erasures, backups and the retention table.
func TestEveryKeyHasARow(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "layout.go", nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	constants := map[string]string{}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		for i, name := range spec.Names {
			if i >= len(spec.Values) {
				continue
			}
			if lit, ok := spec.Values[i].(*ast.BasicLit); ok && (lit.Kind == token.CHAR || lit.Kind == token.STRING) {
				text, err := strconv.Unquote(lit.Value)
				if err != nil {
					t.Fatal(err)
				}
				constants[name.Name] = text
			}
		}
		return true
	})
	rows := map[string]Kept{}
	for _, k := range Keeping() {
		at := k.key
		if k.kind != 0 {
			at = string(k.kind)
		}
		if _, twice := rows[at]; twice || k.Name == "" || k.What == "" || k.Why == "" || k.Until == "" || k.Seen == "" {
			t.Errorf("the row of %q is there twice, or says too little", at)
		}
		rows[at] = k
	}
	found, kindsSeen := 0, ""
	for name, text := range constants {
		isKind := strings.HasPrefix(name, "kind") && name != "kinds"
		if !isKind && !strings.HasPrefix(name, "key") {
			continue
		}
		found++
		row, ok := rows[text]
		if !ok {
			t.Errorf("%s has no row in Keeping", name)
		}
		if isKind {
			kindsSeen += text
			if (row.owner == keyed) != strings.Contains(personal, text) {
				t.Errorf("%s: the constant personal and its row do not agree", name)
			}
		}
	}
	if found != len(rows) || found < 20 {
		t.Errorf("%d constants, %d rows", found, len(rows))
	}
	have, want := slices.Sorted(maps.Keys(set(kinds))), slices.Sorted(maps.Keys(set(kindsSeen)))
	if !slices.Equal(have, want) {
		t.Errorf("kinds are %q, the constants say %q", have, want)
	}
}

func set(text string) map[rune]bool {
	out := map[rune]bool{}
	for _, r := range text {
		out[r] = true
	}
	return out
}

var update = flag.Bool("update", false, "write the retention table of docs/privacy.md")

// TestRetentionTable compares the table in the documentation with the one that the code goes by.
func TestRetentionTable(t *testing.T) {
	const file, begin, end = "../docs/privacy.md", "<!-- table -->\n", "<!-- end of table -->"
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(raw), begin)
	have, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		t.Fatalf("%s has no table between %q and %q", file, begin, end)
	}
	var want strings.Builder
	want.WriteString("\n| what | why | until | who sees it |\n|---|---|---|---|\n")
	for _, k := range Keeping() {
		fmt.Fprintf(&want, "| **%s**: %s | %s | %s | %s |\n", k.Name, k.What, k.Why, k.Until, k.Seen)
	}
	want.WriteString("\n")
	if *update {
		if err := os.WriteFile(file, []byte(before+begin+want.String()+end+after), 0o600); err != nil {
			t.Fatal(err)
		}
	} else if have != want.String() {
		t.Errorf("the table is not the one of the code; go test ./storage -run TestRetentionTable -update writes it")
	}
}
