package checkup_test

import (
	"encoding/json"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stoa-rooms/stoa/checkup"
)

var (
	constant = regexp.MustCompile(`(?m)^\t\w+ +Code = "([a-z-]+)"$`)
	badColon = regexp.MustCompile(`[^\x{a0}](: |;|\?)`)
	name     = regexp.MustCompile(`\{(\w+)\}`)
)

type texts struct{ Says, Fix string }

type row struct {
	State checkup.State
	EN    texts
	FR    texts
}

// TestEveryFindingHasItsSentences: code and table name the same findings, in both languages, with the same values, and
// what is not well has a way out.
func TestEveryFindingHasItsSentences(t *testing.T) {
	source, err := os.ReadFile("checkup.go")
	if err != nil {
		t.Fatal(err)
	}
	var declared []string
	for _, m := range constant.FindAllStringSubmatch(string(source), -1) {
		declared = append(declared, m[1])
	}
	data, err := os.ReadFile("findings.json")
	if err != nil {
		t.Fatal(err)
	}
	var rows map[string]row
	if err := json.Unmarshal(data, &rows); err != nil {
		t.Fatal(err)
	}
	if got := slices.Sorted(maps.Keys(rows)); !slices.Equal(got, slices.Sorted(slices.Values(declared))) {
		t.Errorf("the table has %v, the code %v", got, declared)
	}
	for code, r := range rows {
		names := func(s texts) []string {
			found := name.FindAllString(s.Says+s.Fix, -1)
			slices.Sort(found)
			return slices.Compact(found)
		}
		switch {
		case r.EN.Says == "" || r.FR.Says == "" || r.EN.Says == r.FR.Says:
			t.Errorf("%s: %q, %q", code, r.EN.Says, r.FR.Says)
		case strings.ContainsAny(r.FR.Says+r.FR.Fix, "'") || badColon.MatchString(r.FR.Says+r.FR.Fix):
			t.Errorf("%s: French wants ’ and a no-break space before a colon: %q", code, r.FR)
		case (r.EN.Fix == "") != (r.FR.Fix == ""):
			t.Errorf("%s: a way out in one language only", code)
		case (r.State == checkup.Warn || r.State == checkup.Fail) && r.EN.Fix == "":
			t.Errorf("%s says nothing of what to do", code)
		case !slices.Contains([]checkup.State{checkup.OK, checkup.Warn, checkup.Fail, checkup.Unknown}, r.State):
			t.Errorf("%s: state %q", code, r.State)
		case !slices.Equal(names(r.EN), names(r.FR)):
			t.Errorf("%s: values %v in English, %v in French", code, names(r.EN), names(r.FR))
		}
	}
}

func TestFindingFillsItsSentences(t *testing.T) {
	f := checkup.Find(checkup.DiskLow, "free", "12 MiB", "needed", "16 MiB")
	if got := f.Says("en") + " " + f.Fix("en"); got != "Only 12 MiB are free on the disk of the data directory. Make room. Below 16 MiB the node takes no writes." {
		t.Error(got)
	}
	if got := f.Says("fr"); got != "Il ne reste que 12 MiB sur le disque du répertoire de données." {
		t.Error(got)
	}
	if f.Code.Check() != "disk" || f.Code.State() != checkup.Warn {
		t.Error(f.Code.Check(), f.Code.State())
	}
	ok, unknown, fail := checkup.Find(checkup.DataOK), checkup.Find(checkup.ClockAlone), checkup.Find(checkup.HTTPSPlain)
	for want, all := range map[checkup.State][]checkup.Finding{
		checkup.OK: {ok, unknown}, checkup.Warn: {ok, f}, checkup.Fail: {f, fail, ok},
	} {
		if got := checkup.Worst(all); got != want {
			t.Errorf("%v: %s", all, got)
		}
	}
}
