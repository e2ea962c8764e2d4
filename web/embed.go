// Package web embeds the built web client.
//
// The client's source is beside this file: src/sdk is the client without a user interface, src/app the pages on it.
// `make web` builds both into dist.
package web

import (
	"embed"
	"io/fs"
)

//go:embed all:dist
var dist embed.FS

// Files are the built client: index.html, assets with hashed names, icons. Nil if it was not built with `make web`.
func Files() fs.FS {
	if _, err := fs.Stat(dist, "dist/index.html"); err != nil {
		return nil
	}
	sub, err := fs.Sub(dist, "dist")
	if err != nil {
		panic(err) // "dist" is a valid path, so Sub cannot fail
	}
	return sub
}
