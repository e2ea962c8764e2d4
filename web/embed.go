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

// Files are the built client: index.html, assets with hashed names, icons.
func Files() fs.FS {
	sub, err := fs.Sub(dist, "dist")
	if err != nil {
		panic(err) // "dist" is a valid path, so Sub cannot fail
	}
	return sub
}
