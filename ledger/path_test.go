package ledger_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/stoa-rooms/stoa/ledger"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
)

func TestPaths(t *testing.T) {
	tile, entries, statements := ledger.KindTile, ledger.KindEntries, ledger.KindStatements
	for path, want := range map[string]struct {
		r      ledger.Resource
		leaves int64
	}{
		"checkpoint":                         {ledger.Resource{}, 0},
		"tile/0/000":                         {ledger.Resource{Kind: tile, Width: 256}, 256},
		"tile/0/x001/x234/067":               {ledger.Resource{Kind: tile, N: 1234067, Width: 256}, 1234068 * 256}, // the example of C2SP
		"tile/0/x001/x234/067.p/1":           {ledger.Resource{Kind: tile, N: 1234067, Width: 1}, 1234067*256 + 1},
		"tile/2/000.p/1":                     {ledger.Resource{Kind: tile, Level: 2, Width: 1}, 1 << 16},
		"tile/6/000.p/31":                    {ledger.Resource{Kind: tile, Level: 6, Width: 31}, 31 << 48},
		"tile/entries/999.p/255":             {ledger.Resource{Kind: entries, N: 999, Width: 255}, 999*256 + 255},
		"tile/entries/x001/000":              {ledger.Resource{Kind: entries, N: 1000, Width: 256}, 1001 * 256},
		"statements/x035/x184/x372/x088/830": {ledger.Resource{Kind: statements, N: 35184372088830, Width: 256}, 35184372088831 * 256},
	} {
		have, err := ledger.ParsePath(path)
		if err != nil || have != want.r || have.Path() != path || have.Leaves() != want.leaves {
			t.Errorf("%s is %+v of %d leaves, %v; it is written %s", path, have, have.Leaves(), err, have.Path())
		}
	}
	for _, path := range []string{
		"", "/checkpoint", "checkpoint.p/1", "tile", "tile/", "tile/0", "tile/0/", "tile//000", "tile/0/0", "tile/0/0000", "tile/0/00",
		"tile/00/000", "tile/+1/000", "tile/-1/000", "tile/7/000.p/1", "tile/63/000", "tile/64/000", "tile/256/000",
		"tile/0/x000/000", "tile/0/001/000", "tile/0/x001", "tile/0/xx01/000", "tile/0/x001/x000", "tile/0/+01", "tile/0/-01",
		"tile/0/000.p/0", "tile/0/000.p/256", "tile/0/000.p/01", "tile/0/000.p/", "tile/0/000.p", "tile/0/000.p/1/", "tile/0/000.p/1.p/1",
		"tile/0/000/", "tile/0/ 00", "tile/data/000", "tile/entries/", "tile/entries/0/000", "statements/", "statements/0/000", "statement/000",
		"tile/6/000.p/32", "tile/6/000", "statements/x035/x184/x372/x088/832", "tile/0/x999/x999/x999/x999/x999/999",
		"tile/0/x001/x000/x000/x000/x000/x000/x000/000", "tile/8/0/000", strings.Repeat("tile/0/", 20) + "000",
	} {
		if r, err := ledger.ParsePath(path); err == nil {
			t.Errorf("%q is %+v", path, r)
		}
	}
}

func TestBundles(t *testing.T) {
	some := ids(0, 3)
	data := ledger.FormatEntries(some)
	if have, err := ledger.ParseEntries(data, 3); err != nil || !slices.Equal(have, some) {
		t.Errorf("have %v, %v", have, err)
	}
	odd := bytes.Clone(data)
	odd[1]++
	for _, bad := range [][]byte{nil, data[:len(data)-1], append(bytes.Clone(data), 0), odd} {
		if _, err := ledger.ParseEntries(bad, 3); reason.Of(err) != reason.LogInvalid {
			t.Errorf("%x: %v", bad, err)
		}
	}
	texts := []string{"a.b.c", "", "d"}
	data = ledger.FormatStatements(texts)
	if have, err := ledger.ParseStatements(data, 3); err != nil || !slices.Equal(have, texts) {
		t.Errorf("have %q, %v", have, err)
	}
	if have, err := ledger.ParseStatements([]byte("[ \"a\"\n,\t\"\\u0062\" ] "), 2); err != nil || !slices.Equal(have, []string{"a", "b"}) {
		t.Errorf("in another form: %q, %v", have, err)
	}
	for _, bad := range []string{
		"", "null", "{}", `"a"`, "[", `["a"`, `["a",]`, `["a","b"`, `["a"]`, `["a","b","c"]`, `["a",1]`, `["a",null]`, `["a",["b"]]`,
		`["a","b"]]`, `["a","b"] x`, `["a" "b"]`, `["a","` + strings.Repeat("b", statement.MaxSize+1) + `"]`, strings.Repeat(" ", 9000) + `["a","b"]`,
	} {
		if have, err := ledger.ParseStatements([]byte(bad), 2); reason.Of(err) != reason.LogInvalid {
			t.Errorf("%.40q is %q, %v", bad, have, err)
		}
	}
	long := make([]string, 256)
	for i := range long {
		long[i] = strings.Repeat("x", statement.MaxSize)
	}
	data = ledger.FormatStatements(long)
	if have, err := ledger.ParseStatements(data, 256); err != nil || !slices.Equal(have, long) || len(data) > ledger.MaxResource {
		t.Errorf("the longest: %d bytes, %v", len(data), err)
	}
}

func FuzzParsePath(f *testing.F) {
	f.Add("tile/0/x001/x234/067.p/8")
	f.Add("tile/entries/000")
	f.Add("statements/x001/000.p/255")
	f.Add("checkpoint")
	f.Fuzz(func(t *testing.T, path string) {
		r, err := ledger.ParsePath(path)
		if err != nil {
			return
		}
		if r.Path() != path || r.Leaves() < 0 || r.Leaves() > ledger.MaxSize || r.MaxBytes() > ledger.MaxResource {
			t.Errorf("%q is %+v, written %q, of %d leaves", path, r, r.Path(), r.Leaves())
		}
	})
}

func FuzzParseEntries(f *testing.F) {
	f.Add(ledger.FormatEntries(ids(0, 2)), 2)
	f.Fuzz(func(t *testing.T, data []byte, width int) {
		width = min(max(width, 1), 256)
		have, err := ledger.ParseEntries(data, width)
		if err == nil && (len(have) != width || !bytes.Equal(ledger.FormatEntries(have), data)) {
			t.Errorf("%x is %d entries", data, len(have))
		}
	})
}

func FuzzParseStatements(f *testing.F) {
	f.Add([]byte(`["a.b.c","d"]`), 2)
	f.Add([]byte(`[[[[[[["`), 1)
	f.Fuzz(func(t *testing.T, data []byte, width int) {
		width = min(max(width, 1), 256)
		have, err := ledger.ParseStatements(data, width)
		if err == nil && len(have) != width {
			t.Errorf("%q is %d statements", data, len(have))
		}
	})
}

// FuzzHostileServer follows a log whose server answers some requests with whatever comes.
func FuzzHostileServer(f *testing.F) {
	h, other := write(f, 270, 0, 0), write(f, 270, 200, 1)
	text, forkText := h.at(f, 270), other.at(f, 270)
	f.Add([]byte{0, 0, 0, 0}, []byte(`["a.b.c"]`), int64(0), int64(0))
	f.Add([]byte{1, 2, 0, 1, 2}, make([]byte, 32), int64(257), int64(260))
	f.Fuzz(func(t *testing.T, script, junk []byte, here, signed int64) {
		signed = min(max(signed, 0), 269)
		here = min(max(here, 0), signed)
		r, m := h.replica(t, here, signed)
		asked := 0
		hostile := func(path string) ([]byte, error) {
			asked++
			how := byte(0)
			if asked <= len(script) {
				how = script[asked-1]
			}
			switch how % 4 {
			case 1:
				return junk, nil
			case 2:
				return other.fetch(path)
			case 3:
				data, err := h.fetch(path)
				if err == nil && len(junk) > 0 {
					data = bytes.Clone(data)
					data[int(junk[0])*7%len(data)] ^= 1 | junk[len(junk)-1]
				}
				return data, err
			}
			return h.fetch(path)
		}
		for _, target := range []string{text, forkText} {
			next, err := r.Accept(target, m, hostile)
			if fork, ok := err.(*ledger.ForkError); ok && fork.Fork.Check(h.log.Origin(), h.log.Node) != nil { //nolint:errorlint // as it is returned
				t.Error("a fork that is none")
			}
			if err != nil {
				continue
			}
			step, err := next.Next(m, hostile)
			honest := h
			if target == forkText {
				honest = other
			}
			if err == nil && !slices.Equal(step.Entries, honest.entries[here:step.Tree.Size]) {
				t.Errorf("other entries from %d on", here)
			}
		}
		if asked > 60 {
			t.Errorf("asked %d times", asked)
		}
	})
}
