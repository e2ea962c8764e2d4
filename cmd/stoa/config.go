package main

import (
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
	"go.yaml.in/yaml/v3"
)

// configuration is the file given by --config: YAML, one line for each flag, name: value.
type configuration map[string]any

// readConfiguration is the loader that kong calls with the file.
func readConfiguration(r io.Reader) (kong.Resolver, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("cannot read the configuration: %w", err)
	}
	c := configuration{}
	if err := yaml.Unmarshal(data, &c); err != nil {
		return nil, fmt.Errorf("the configuration is not YAML of the form name: value: %w", err)
	}
	return c, nil
}

// Validate implements kong.Resolver. A name that is no flag is an error: a mistyped one must not silently leave the
// default in force.
func (c configuration) Validate(app *kong.Application) error {
	known := map[string]bool{}
	for _, command := range app.Leaves(false) {
		for _, flag := range command.Flags {
			known[flag.Name] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c)) {
		if !known[name] {
			return fmt.Errorf("the configuration sets %q, which is no flag; there are %s", name, strings.Join(slices.Sorted(maps.Keys(known)), ", "))
		}
	}
	return nil
}

// Resolve implements kong.Resolver.
func (c configuration) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	for _, name := range flag.Envs {
		if _, set := os.LookupEnv(name); set {
			return nil, nil //nolint:nilnil // kong's way to say: not here; the environment wins over the file
		}
	}
	return c[flag.Name], nil
}
