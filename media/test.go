package media

import (
	"context"
	"crypto/rand"
	"time"

	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
)

const (
	// maxTests is how many connections that only test the way may stand at once.
	maxTests = 8
	// testLife is how long one stands: long enough to connect, and to be looked at.
	testLife = handshakeTime + 5*time.Second
)

// Test answers the SDP offer of a connection that carries nothing, so that somebody can see whether packets find their way
// between them and the node. It ends by itself. Refusals are those of Room.Offer.
func (s *Server) Test(ctx context.Context, sdp string, options Options) (answer string, err error) {
	s.mu.Lock()
	busy := s.tests >= maxTests
	if !busy {
		s.tests++
	}
	s.mu.Unlock()
	if busy {
		return "", reason.Reject(reason.MediaBusy, "%d tests", maxTests)
	}
	var id statement.ID
	_, _ = rand.Read(id[:]) // never fails
	r := s.Room(id)
	end := func() {
		r.Close()
		s.mu.Lock()
		defer s.mu.Unlock()
		s.tests--
	}
	if answer, _, err = r.Offer(ctx, 1, sdp, options); err != nil {
		end()
		return "", err
	}
	time.AfterFunc(testLife, end)
	return answer, nil
}
