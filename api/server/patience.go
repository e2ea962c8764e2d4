package server

import (
	"io"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

// Every answer has answerWithin to go out in, which is what keeps idle clients from holding connections. Where the answer
// may be large, or long in the making, a client that goes on reading has as long as it takes.
const (
	pieceSize   = 64 << 10
	pieceWithin = 30 * time.Second // to take a piece in: 2 kB/s, a bad line on the road
)

// unlimited lets an answer take its time. What writes it sets limits of its own, or is brief.
func unlimited(w http.ResponseWriter) {
	control := http.NewResponseController(w)
	// A connection that knows no deadlines, such as a test's, has none to take away.
	_ = control.SetReadDeadline(time.Time{}) // of the request, which is read: it would end the request's context
	_ = control.SetWriteDeadline(time.Time{})
}

// steady writes piece by piece, each within pieceWithin. How long the pieces are in the making does not count.
type steady struct {
	to      io.Writer
	control *http.ResponseController
}

// toward is the body of an answer, for something large.
func toward(to huma.Context) io.Writer {
	_, w := humago.Unwrap(to)
	return steady{to: to.BodyWriter(), control: http.NewResponseController(w)}
}

// Write implements io.Writer.
func (s steady) Write(p []byte) (n int, err error) {
	for len(p) > 0 && err == nil {
		var wrote int
		_ = s.control.SetWriteDeadline(time.Now().Add(pieceWithin)) // as above
		wrote, err = s.to.Write(p[:min(len(p), pieceSize)])
		n, p = n+wrote, p[wrote:]
	}
	return n, err
}
