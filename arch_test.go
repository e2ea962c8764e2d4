package stoa

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/stoa-rooms/stoa/"

// mayImport is the architecture: each package, and the packages of this module that its code (tests left out) may
// import. Imports point one way; what is not named here may not exist.
var mayImport = map[string][]string{
	// The pure core, from the bottom up.
	"reason":    {},
	"checkup":   {},
	"identity":  {},
	"statement": {"identity", "reason"},
	"ledger":    {"identity", "reason", "statement"},
	"invites":   {"identity", "ledger", "reason", "statement"},
	"rooms":     {"identity", "reason", "statement"},
	"notices":   {"identity", "reason", "rooms", "statement"}, // the zones of quiet hours are those of plans

	// Wire types.
	"api":      {"identity", "reason", "statement"},
	"api/ics":  {"rooms", "statement"}, // the dates of a plan are for the core to say
	"api/link": {"api", "identity", "reason", "rooms", "statement"},

	// Adapters: they share core values and never import one another.
	"storage":        {"identity", "ledger", "reason", "statement"},
	"media":          {"identity", "reason", "statement"},
	"p2p":            {"identity", "reason"},
	"push":           {"reason"},
	"certs":          {},
	"web":            {},
	"api/server":     {"api", "identity", "reason", "statement"},
	"api/client":     {"api", "identity", "reason", "statement"},
	"api/client/rtc": {"api", "api/client", "identity", "statement"},

	// Composition.
	"node":     {"api", "api/ics", "api/link", "api/server", "certs", "checkup", "identity", "invites", "ledger", "media", "notices", "p2p", "push", "reason", "rooms", "statement", "storage", "web"},
	"cmd/demo": {"api", "api/client", "api/client/rtc", "identity", "node/process", "reason", "statement"},
	"cmd/stoa": {"api", "api/client", "api/client/rtc", "checkup", "identity", "invites", "node", "reason", "statement"},

	// The load generator: it makes stores by itself, and else talks to nodes as anybody does.
	"bench": {"api", "api/client", "api/client/rtc", "identity", "invites", "ledger", "node/process", "reason", "statement", "storage"},

	// Nodes as processes, for the demo and the load generator.
	"node/process": {},

	// Helpers that only tests import.
	"invites/invitestest": {"identity", "invites", "ledger", "statement"},
	"node/netlab":         {},
	"node/nodetest":       {"api/client", "identity", "node", "statement"},
	"push/pushtest":       {},
	"storage/storagetest": {"identity", "invites/invitestest", "invites", "ledger", "reason", "statement", "storage"},
}

// pure is what the core may not touch: whatever can be replayed from bytes and a given time needs none of it.
var (
	core = []string{"reason", "checkup", "identity", "statement", "ledger", "invites", "rooms", "notices"}
	pure = []string{
		"context", "os", "log", "log/slog", "net", "io/fs", "os/exec",
		"github.com/dgraph-io/", "github.com/libp2p/", "github.com/pion/", "github.com/coder/websocket",
	}
)

// onlyIn says which packages a library is for.
var onlyIn = map[string][]string{
	"github.com/pion/webrtc/":     {"media", "api/client/rtc", "bench"},
	"github.com/dgraph-io/badger": {"storage"},
	"github.com/libp2p/":          {"p2p"},
	"github.com/arran4/":          {"api/ics"},
	"github.com/danielgtaylor/":   {"api/server"},
	"github.com/go-jose/":         {"statement"},
	"github.com/SherClockHolmes/": {"push"},
	"github.com/prometheus/":      {"p2p", "node"},
	"golang.org/x/crypto/acme":    {"certs"},
}

func TestImportsPointOneWay(t *testing.T) {
	eachImport(t, func(file, pkg, imported string) {
		allowed, known := mayImport[pkg]
		if !known {
			t.Errorf("%s: package %q is not in the architecture; give it a row", file, pkg)
			return
		}
		if inside, ok := strings.CutPrefix(imported, module); ok && !slices.Contains(allowed, inside) {
			t.Errorf("%s: %s may not import %s", file, pkg, inside)
		}
		for prefix, homes := range onlyIn {
			if strings.HasPrefix(imported, prefix) && !slices.Contains(homes, pkg) {
				t.Errorf("%s: %s is only for %v", file, imported, homes)
			}
		}
	})
}

func TestCoreIsPure(t *testing.T) {
	eachImport(t, func(file, pkg, imported string) {
		if !slices.Contains(core, pkg) {
			return
		}
		for _, p := range pure {
			if imported == p || strings.HasSuffix(p, "/") && strings.HasPrefix(imported, p) {
				t.Errorf("%s: the core may not import %s", file, imported)
			}
		}
	})
	for _, pkg := range core {
		for _, file := range goFiles(t, pkg) {
			src, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, word := range []string{"time.Now(", "\tgo func", "sync.Mutex", "sync.RWMutex"} {
				if strings.Contains(string(src), word) {
					t.Errorf("%s: the core may not use %s", file, strings.TrimSpace(word))
				}
			}
		}
	}
}

func TestEveryPackageExplainsItself(t *testing.T) {
	for pkg := range packages(t) {
		found := false
		for _, file := range goFiles(t, pkg) {
			f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments|parser.PackageClauseOnly)
			if err != nil {
				t.Fatal(err)
			}
			found = found || f.Doc != nil
		}
		if !found {
			t.Errorf("%s has no package comment", pkg)
		}
	}
}

// eachImport calls f for every import of every Go file that is not a test.
func eachImport(t *testing.T, f func(file, pkg, imported string)) {
	t.Helper()
	for pkg := range packages(t) {
		for _, file := range goFiles(t, pkg) {
			parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
			if err != nil {
				t.Fatal(err)
			}
			for _, spec := range parsed.Imports {
				imported, err := strconv.Unquote(spec.Path.Value)
				if err != nil {
					t.Fatal(err)
				}
				f(file, pkg, imported)
			}
		}
	}
}

// packages finds every folder with Go code, this one and the linter's module left out.
func packages(t *testing.T) map[string]bool {
	t.Helper()
	found := map[string]bool{}
	err := filepath.WalkDir(".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "node_modules" || d.Name() == "tools" || d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".") && p != ".") {
			return filepath.SkipDir
		}
		dir := path.Dir(filepath.ToSlash(p))
		if strings.HasSuffix(p, ".go") && !strings.HasSuffix(p, "_test.go") && dir != "." {
			found[dir] = true
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func goFiles(t *testing.T, pkg string) []string {
	t.Helper()
	all, err := filepath.Glob(path.Join(pkg, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(all, func(f string) bool { return strings.HasSuffix(f, "_test.go") })
}
