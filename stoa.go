// Package stoa is the root of the module. It holds no code: start at cmd/stoa and node, or read docs/architecture.md.
package stoa
